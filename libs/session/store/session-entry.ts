import type { Session } from '../session';

const USUAL_ROLE = 'user';
const EXPIRY_DIGITS = 8;

/**
 * Parses a value of the sessions hash: the expiry, eight digits of base 36, Unix time in ms; the generation, base 36;
 * and `|role`, unless that is `user`. Short, because there is one for each session; text, because `verify` returns it
 * unchanged.
 */
export function decodeEntry(userId: string, sessionId: string, entry: string): Session {
  const [numbers = '', role = USUAL_ROLE] = entry.split('|');
  return {
    id: sessionId,
    userId,
    role,
    generation: parseInt(numbers.slice(EXPIRY_DIGITS), 36),
    expiresAtMs: parseInt(numbers.slice(0, EXPIRY_DIGITS), 36),
  };
}
