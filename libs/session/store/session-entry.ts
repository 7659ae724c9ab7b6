import type { Session } from '../session';

/**
 * Reads a value of the sessions hash, `generation|role|createdAtMs|expiresAtMs`. Short on purpose:
 * below 64 bytes Redis keeps the whole hash in one compact allocation.
 */
export function decodeEntry(userId: string, sessionId: string, entry: string): Session {
  const [generation, role = '', createdAtMs, expiresAtMs] = entry.split('|');
  return {
    id: sessionId,
    userId,
    role,
    generation: Number(generation),
    createdAtMs: Number(createdAtMs),
    expiresAtMs: Number(expiresAtMs),
  };
}
