export const profileCacheKeys = {
  /**
   * String: `version:json`, or `version:` alone, a fence that refuses anything older while holding
   * no profile. TTL: the entry's.
   */
  profile: (userId: string) => `user:profile:{${userId}}`,
};
