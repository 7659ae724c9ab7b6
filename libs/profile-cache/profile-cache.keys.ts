export const profileCacheKeys = {
  /**
   * String: `era:version:profile`; without a profile a fence, which refuses anything older; with a
   * lease in its place, what a reader of the record may fill. A profile is followed by the recount of
   * the statistics that has met it, once there was one. TTL: the entry's.
   */
  profile: (userId: string) => `user:profile:{${userId}}`,

  isProfile: (key: string) => key.startsWith('user:profile:{'),
};
