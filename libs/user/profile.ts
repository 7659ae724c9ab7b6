import type { Versioned } from '#libs/cache';

/** What users may see of their account. Instants are ISO 8601, UTC. */
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

/** A profile and the number that every change of it raises by one. */
export interface VersionedProfile extends Versioned {
  profile: Profile;
}
