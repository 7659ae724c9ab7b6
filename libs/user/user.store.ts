import type { Profile, VersionedProfile } from './profile';

export interface NewUser {
  email: string;
  passwordHash: string;
  displayName: string | null;
}

/** What sign-in needs to know of an account. */
export interface Credentials {
  userId: string;
  role: string;
  /** PHC string. */
  passwordHash: string;
  /** May not sign in. */
  disabled: boolean;
}

/** An account as administrators see it. */
export interface AccountState extends VersionedProfile {
  disabled: boolean;
}

/** An account after an administrator's change. */
export interface ChangedAccount extends AccountState {
  /** What it was before. */
  previous: { role: string; disabled: boolean };
}

/** A profile with a new picture, or none. */
export interface ReplacedAvatar extends VersionedProfile {
  /** What it showed before. */
  previousAvatarUrl: string | null;
}

/** What only administrators change; an absent field stays. */
export interface AccountChange {
  role?: Role;
  disabled?: boolean;
}

export const ROLES = ['user', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Fields to change; an absent one stays, null empties it. */
export interface ProfileChange {
  displayName?: string | null;
  bio?: string | null;
}

/**
 * Where accounts are kept: the seam that an embedding application replaces with its own. E-mail
 * addresses match regardless of case and surrounding space. Absence is null, not an error.
 * All methods throw DependencyUnavailableError when the store is away.
 */
export abstract class UserStore {
  /** @throws EmailTakenError */
  abstract create(user: NewUser): Promise<VersionedProfile>;

  abstract findIdByEmail(email: string): Promise<string | null>;

  abstract findCredentials(userId: string): Promise<Credentials | null>;

  abstract readProfile(userId: string): Promise<VersionedProfile | null>;

  /**
   * Applies the change and raises the profile's version.
   * @param versions the only ones to change; null is returned for a profile at another one.
   */
  abstract updateProfile(
    userId: string,
    change: ProfileChange,
    versions?: readonly number[],
  ): Promise<VersionedProfile | null>;

  /** Changes what picture a profile shows and raises its version, in one transaction. */
  abstract replaceAvatar(userId: string, avatarUrl: string | null): Promise<ReplacedAvatar | null>;

  /** Which of these addresses some profile shows. */
  abstract shownAvatars(avatarUrls: readonly string[]): Promise<string[]>;

  /**
   * Replaces the hash only if it still is the expected one and the account is not disabled: of two
   * changes one wins, and a password that was checked before either of them proves nothing after.
   * @returns false when it is not, or the user is gone.
   */
  abstract replacePasswordHash(userId: string, expected: string, next: string): Promise<boolean>;

  /**
   * Applies an administrator's change.
   * @returns the profile and state afterwards.
   */
  abstract changeAccount(userId: string, change: AccountChange): Promise<ChangedAccount | null>;

  /**
   * Deletes the account, on the same condition as `replacePasswordHash`.
   * @returns the profile as it last was; null when nothing was deleted.
   */
  abstract delete(userId: string, expectedHash: string): Promise<Profile | null>;
}
