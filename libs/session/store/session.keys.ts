/**
 * All keys of the session store. The user id is in literal braces, the hash tag of Redis Cluster: all keys of one user
 * share a slot, so that one script may use them together.
 */
export const sessionKeys = {
  /**
   * Hash: session id, the 16 bytes of the UUID, to its entry (session-entry.ts); and the field `#` with
   * `epoch|generation`: the epoch in which the hash was written, and the user's generation in Redis. TTL: its longest
   * session; after a revoke-all one session TTL, so that no older session can return.
   */
  sessions: (userId: string) => `session:{${userId}}`,

  /** Sorted set: session id, its bytes, scored by expiry, Unix time in s. TTL: its longest session. */
  index: (userId: string) => `user:tokens:{${userId}}`,

  /** String `1`: the tombstone of a revoked session. TTL: the remaining lifetime of its tokens. */
  tombstone: (userId: string, sessionId: string) => `blacklist:{${userId}}:${sessionId}`,

  /** Matches every key of `index`. */
  indexPattern: 'user:tokens:{*}',

  /** The user of a key of `index`. */
  userOfIndex: (key: string) => key.slice('user:tokens:{'.length, -1),
};
