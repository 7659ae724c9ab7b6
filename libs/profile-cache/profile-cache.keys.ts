export const profileCacheKeys = {
  /**
   * String: `era:version:json`, or `era:version:` alone, a fence that refuses anything older while
   * holding no profile. TTL: the entry's.
   */
  profile: (userId: string) => `user:profile:{${userId}}`,
};
