import type { Redis } from 'ioredis';
import type { HeldLease } from '../../libs/sync';

/** A session id as Redis stores it, in the hash and the index of the user. */
export function sessionField(sessionId: string): Buffer {
  return Buffer.from(sessionId.replaceAll('-', ''), 'hex');
}

/** The id of such a field; otherwise the text of the field. */
export function sessionIdOf(field: Buffer): string {
  const digits = field.toString('hex');
  return field.length === 16
    ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    : field.toString();
}

/** The session ids, and the field of the user, in a hash of sessions. */
export async function fieldsOf(redis: Redis, key: string): Promise<string[]> {
  return (await redis.hkeysBuffer(key)).map(sessionIdOf);
}

/** The session ids in an index, soonest expiry first. */
export async function membersOf(redis: Redis, key: string): Promise<string[]> {
  return (await redis.zrangeBuffer(key, 0, -1)).map(sessionIdOf);
}

/** A lease of an epoch that does not end, for a store that is used without a synchroniser. */
export function endlessLease(epoch: string): HeldLease {
  return { epoch, writeUntilMs: Number.MAX_SAFE_INTEGER };
}
