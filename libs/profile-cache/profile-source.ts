import type { VersionedProfile } from './profile';

/** Where profiles come from when the cache has none. Implemented by whoever keeps the accounts. */
export abstract class ProfileSource {
  /**
   * @returns null for a user that does not exist.
   * @throws DependencyUnavailableError when the source is away.
   */
  abstract readProfile(userId: string): Promise<VersionedProfile | null>;
}
