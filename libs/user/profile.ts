import type { Versioned } from '#libs/cache';

/** The account as its user sees it. Instants are ISO 8601, UTC. */
export interface Profile {
  id: string;
  email: string;
  displayName: string | null;
  bio: string | null;
  avatarUrl: string | null;
  role: string;
  createdAt: string;
  updatedAt: string;
}

/** A profile and its version, which every change raises by one. */
export interface VersionedProfile extends Versioned {
  profile: Profile;
}
