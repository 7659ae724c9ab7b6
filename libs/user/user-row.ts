import type { VersionedProfile } from './profile';

/** The columns of a profile and its version, as SQL that names them as the entity does. */
export const PROFILE_COLUMNS = `id, email, display_name AS "displayName", bio, avatar_url AS "avatarUrl",
  role, profile_version AS "profileVersion", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** A row of `users` with the columns of a profile. */
export interface ProfileRow {
  id: string;
  email: string;
  displayName: string | null;
  bio: string | null;
  avatarUrl: string | null;
  role: string;
  profileVersion: number;
  createdAt: Date;
  updatedAt: Date;
}

/** The columns of a row that tell whether the account is disabled. */
export interface StateRow {
  disabledAt: Date | null;
  disabledUntil: Date | null;
}

/** SQL: the account is not disabled. `:now` is the current time. */
export const IS_ENABLED = '(disabled_at IS NULL OR disabled_until <= :now)';

/** A disabling with an end is over at that instant: no job changes the row. */
export function isDisabled({ disabledAt, disabledUntil }: StateRow, nowMs: number): boolean {
  return disabledAt !== null && (disabledUntil === null || disabledUntil.getTime() > nowMs);
}

export function toProfile(row: ProfileRow): VersionedProfile {
  return {
    version: row.profileVersion,
    profile: {
      id: row.id,
      email: row.email,
      displayName: row.displayName,
      bio: row.bio,
      avatarUrl: row.avatarUrl,
      role: row.role,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    },
  };
}
