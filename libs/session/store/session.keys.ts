/**
 * Every key of the session store. The user id stands in literal braces, Redis Cluster's hash tag:
 * all keys of one user share a slot, so one script may touch them together.
 */
export const sessionKeys = {
  /**
   * Hash: session id, the 16 bytes of the UUID, to its entry (session-entry.ts); and the field `#` with
   * `era|generation|mark`: the era in which the hash was written, the user's generation as far as Redis
   * knows it, and the recount of the statistics that has met it, once there was one. TTL: its longest
   * session, or after a revoke-all one session TTL, so that nothing opened before can come back.
   */
  sessions: (userId: string) => `session:{${userId}}`,

  /** Sorted set: session id, its bytes, scored by expiry, s since the epoch. TTL: its longest session. */
  index: (userId: string) => `user:tokens:{${userId}}`,

  /** String, the mark of a recount: present while the session is revoked. TTL: what is left of its tokens' life. */
  tombstone: (userId: string, sessionId: string) => `blacklist:{${userId}}:${sessionId}`,

  /** The user of a key of `sessions` or `index`; null of any other key. */
  userOf: (key: string) => /^(?:session|user:tokens):\{([^}]+)\}$/.exec(key)?.[1] ?? null,

  isTombstone: (key: string) => key.startsWith('blacklist:{'),
};
