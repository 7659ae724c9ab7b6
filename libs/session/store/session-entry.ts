import type { Session } from '../session';

const USUAL_ROLE = 'user';
const EXPIRY_DIGITS = 8;

/**
 * Reads a value of the sessions hash: the expiry, eight digits of base 36, Unix time in ms; the
 * generation, base 36; and `|role`, unless that is `user`. Short, for it counts as often as there are
 * sessions; text, for it goes through `verify` as it stands.
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
