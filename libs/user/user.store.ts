import type { VersionedProfile } from './profile';

export interface NewUser {
  email: string;
  passwordHash: string;
  displayName: string | null;
  /** Absent: the role of a new user. */
  role?: Role;
  /** true: the user signs in with it, and the store may record the time. */
  signsIn?: boolean;
}

/** The fields of an account that sign-in needs. */
export interface Credentials {
  userId: string;
  role: string;
  /** PHC string. */
  passwordHash: string;
  /** A disabled account cannot sign in. */
  disabled: boolean;
}

/** An account as administrators see it. */
export interface AccountState extends VersionedProfile {
  disabled: boolean;
}

/** An account after an administrator's change. */
export interface ChangedAccount extends AccountState {
  /** The state before the change. */
  previous: { role: string; disabled: boolean };
}

/** A profile with its new avatar, or none. */
export interface ReplacedAvatar extends VersionedProfile {
  /** The avatar before the change. */
  previousAvatarUrl: string | null;
}

/** Fields that only administrators change; an absent field stays unchanged. */
export interface AccountChange {
  role?: Role;
  /** true replaces an earlier disabling, with its end and reason; false ends it. */
  disabled?: boolean;
  /** With `disabled: true`: the instant at which the disabling ends by itself. Absent: it has no end. */
  disabledUntil?: Date;
  /** With `disabled: true`: for administrators. */
  disabledReason?: string;
}

export const ROLES = ['user', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Fields to change; an absent field stays unchanged, null clears it. */
export interface ProfileChange {
  displayName?: string | null;
  bio?: string | null;
}

/**
 * The store of accounts; an embedding application may replace it by its own. E-mail addresses match regardless of case
 * and surrounding space. A missing account is null, not an error. All methods throw DependencyUnavailableError while
 * the store is unavailable.
 */
export abstract class UserStore {
  /** @throws EmailTakenError */
  abstract create(user: NewUser): Promise<VersionedProfile>;

  abstract findIdByEmail(email: string): Promise<string | null>;

  abstract findCredentials(userId: string): Promise<Credentials | null>;

  abstract readProfile(userId: string): Promise<VersionedProfile | null>;

  /** As `readProfile`, at a sign-in, whose time the store may record. The version stays. */
  abstract recordSignIn(userId: string): Promise<VersionedProfile | null>;

  /**
   * Applies the change and raises the profile's version.
   * @param versions the versions to change; for a profile at another version null is returned.
   */
  abstract updateProfile(
    userId: string,
    change: ProfileChange,
    versions?: readonly number[],
  ): Promise<VersionedProfile | null>;

  /** Replaces the avatar of a profile and raises its version, in one transaction. */
  abstract replaceAvatar(userId: string, avatarUrl: string | null): Promise<ReplacedAvatar | null>;

  /** The given avatar URLs that a profile shows. */
  abstract shownAvatars(avatarUrls: readonly string[]): Promise<string[]>;

  /**
   * Replaces the hash only if it is still the expected one and the account is not disabled: of two concurrent changes
   * one succeeds, and a password that was verified before a change proves nothing after it.
   * @returns false otherwise, or if the user does not exist.
   */
  abstract replacePasswordHash(userId: string, expected: string, next: string): Promise<boolean>;

  /**
   * Applies an administrator's change.
   * @returns the profile and state afterwards.
   * @throws LastAdministratorError, where the store keeps the last administrator.
   */
  abstract changeAccount(userId: string, change: AccountChange): Promise<ChangedAccount | null>;

  /**
   * Deletes the account, on the same condition as `replacePasswordHash`.
   * @param expectedHash absent: on no condition.
   * @returns the last profile, its version raised once more; null if nothing was deleted.
   * @throws LastAdministratorError, where the store keeps the last administrator.
   */
  abstract delete(userId: string, expectedHash?: string): Promise<VersionedProfile | null>;
}
