export const profileCacheKeys = {
  /**
   * String: `epoch:version:profile`; without a profile a fence, which refuses anything older; with a
   * lease in its place, what a reader of the record may fill. TTL: the entry's.
   */
  profile: (userId: string) => `user:profile:{${userId}}`,
};
