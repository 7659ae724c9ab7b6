/**
 * Every key of the session store. The user id stands in literal braces, Redis Cluster's hash tag:
 * all keys of one user share a slot, so one script may touch them together.
 */
export const sessionKeys = {
  /**
   * Hash: session id, the 16 bytes of the UUID, to its entry (session-entry.ts); and the field `#` with
   * `epoch|generation`: the epoch in which the hash was written and the user's generation as far as Redis
   * knows it. TTL: its longest session, or after a revoke-all one session TTL, so that nothing opened before can come back.
   */
  sessions: (userId: string) => `session:{${userId}}`,

  /** Sorted set: session id, its bytes, scored by expiry, Unix time in s. TTL: its longest session. */
  index: (userId: string) => `user:tokens:{${userId}}`,

  /** String `1`: present while the session is revoked. TTL: what is left of its tokens' life. */
  tombstone: (userId: string, sessionId: string) => `blacklist:{${userId}}:${sessionId}`,

  /** Matches every key of `index`. */
  indexPattern: 'user:tokens:{*}',

  /** The user of a key of `index`. */
  userOfIndex: (key: string) => key.slice('user:tokens:{'.length, -1),
};
