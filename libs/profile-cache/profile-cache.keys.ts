/** What the key of every cached profile begins with. */
const PROFILE_KEY_PREFIX = 'user:profile:{';

export const profileCacheKeys = {
  /**
   * String: `era:version:profile`; without a profile a fence, which refuses anything older; with a
   * lease in its place, what a reader of the record may fill. A profile is followed by the recount of
   * the statistics that has met it, once there was one. TTL: the entry's.
   */
  profile: (userId: string) => `${PROFILE_KEY_PREFIX}${userId}}`,

  isProfile: (key: string) => key.startsWith(PROFILE_KEY_PREFIX),
};
