/** What a user may see of their account. Nothing else is ever cached. Instants are ISO 8601, UTC. */
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
export interface VersionedProfile {
  version: number;
  profile: Profile;
}

/** The allow-list of what enters the cache: a field that is not here cannot leak through it. */
export const PROFILE_FIELDS = [
  'id',
  'email',
  'displayName',
  'bio',
  'avatarUrl',
  'role',
  'createdAt',
  'updatedAt',
] as const satisfies readonly (keyof Profile)[];
