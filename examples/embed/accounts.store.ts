import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  EmailTakenError,
  UserStore,
  type AccountChange,
  type ChangedAccount,
  type Credentials,
  type NewUser,
  type Profile,
  type ProfileChange,
  type ReplacedAvatar,
  type VersionedProfile,
} from '@latchkey/modules/user';

interface Account {
  passwordHash: string;
  /** Until when the account is disabled, in ms; null: it is not. */
  disabledUntilMs: number | null;
  current: VersionedProfile;
}

/** E-mail addresses of accounts that may edit. */
export class Editors {
  constructor(readonly emails: readonly string[]) {}
}

/**
 * This application's accounts, kept its own way: here in memory, in life in a table or directory of
 * yours. Roles are the application's own words. A change of what a profile shows raises its version:
 * by it the cache tells new from old.
 */
@Injectable()
export class AccountsStore extends UserStore {
  private readonly accounts = new Map<string, Account>();

  constructor(private readonly editors: Editors) {
    super();
  }

  async create({ email, passwordHash, displayName }: NewUser): Promise<VersionedProfile> {
    if (await this.findIdByEmail(email)) {
      throw new EmailTakenError();
    }
    const now = new Date().toISOString();
    const profile = {
      id: randomUUID(),
      email: normalise(email),
      displayName,
      bio: null,
      avatarUrl: null,
      role: this.editors.emails.includes(normalise(email)) ? 'editor' : 'reader',
      createdAt: now,
      updatedAt: now,
    };
    const current = { version: 1, profile };
    this.accounts.set(profile.id, { passwordHash, disabledUntilMs: null, current });
    return current;
  }

  findIdByEmail(email: string): Promise<string | null> {
    const profiles = [...this.accounts.values()].map(({ current }) => current.profile);
    return Promise.resolve(profiles.find((one) => one.email === normalise(email))?.id ?? null);
  }

  findCredentials(userId: string): Promise<Credentials | null> {
    const account = this.accounts.get(userId);
    if (!account) {
      return Promise.resolve(null);
    }
    const { passwordHash, current } = account;
    const { role } = current.profile;
    return Promise.resolve({ userId, role, passwordHash, disabled: isDisabled(account) });
  }

  readProfile(userId: string): Promise<VersionedProfile | null> {
    return Promise.resolve(this.accounts.get(userId)?.current ?? null);
  }

  recordSignIn(userId: string): Promise<VersionedProfile | null> {
    return this.readProfile(userId);
  }

  updateProfile(
    userId: string,
    change: ProfileChange,
    versions?: readonly number[],
  ): Promise<VersionedProfile | null> {
    const version = this.accounts.get(userId)?.current.version ?? 0;
    if (versions && !versions.includes(version)) {
      return Promise.resolve(null);
    }
    return Promise.resolve(this.change(userId, change)?.current ?? null);
  }

  replaceAvatar(userId: string, avatarUrl: string | null): Promise<ReplacedAvatar | null> {
    const previousAvatarUrl = this.accounts.get(userId)?.current.profile.avatarUrl ?? null;
    const current = this.change(userId, { avatarUrl })?.current;
    return Promise.resolve(current ? { ...current, previousAvatarUrl } : null);
  }

  shownAvatars(avatarUrls: readonly string[]): Promise<string[]> {
    const shown = [...this.accounts.values()].map(({ current }) => current.profile.avatarUrl);
    return Promise.resolve(avatarUrls.filter((url) => shown.includes(url)));
  }

  changeAccount(
    userId: string,
    { role, disabled, disabledUntil }: AccountChange,
  ): Promise<ChangedAccount | null> {
    const account = this.accounts.get(userId);
    if (!account) {
      return Promise.resolve(null);
    }
    const previous = { role: account.current.profile.role, disabled: isDisabled(account) };
    this.change(userId, role ? { role } : {});
    if (disabled !== undefined) {
      account.disabledUntilMs = disabled ? (disabledUntil?.getTime() ?? Infinity) : null;
    }
    return Promise.resolve({ ...account.current, disabled: isDisabled(account), previous });
  }

  replacePasswordHash(userId: string, expected: string, next: string): Promise<boolean> {
    const account = this.accounts.get(userId);
    if (account?.passwordHash !== expected || isDisabled(account)) {
      return Promise.resolve(false);
    }
    account.passwordHash = next;
    return Promise.resolve(true);
  }

  delete(userId: string, expectedHash?: string): Promise<VersionedProfile | null> {
    const account = this.accounts.get(userId);
    const isProved = account?.passwordHash === expectedHash && account && !isDisabled(account);
    if (!account || (expectedHash !== undefined && !isProved)) {
      return Promise.resolve(null);
    }
    this.accounts.delete(userId);
    const { version, profile } = account.current;
    return Promise.resolve({ version: version + 1, profile });
  }

  private change(userId: string, change: Partial<Profile>): Account | undefined {
    const account = this.accounts.get(userId);
    if (account) {
      const { version, profile } = account.current;
      const updatedAt = new Date().toISOString();
      account.current = { version: version + 1, profile: { ...profile, ...change, updatedAt } };
    }
    return account;
  }
}

function isDisabled({ disabledUntilMs }: Account): boolean {
  return disabledUntilMs !== null && disabledUntilMs > Date.now();
}

function normalise(email: string): string {
  return email.trim().toLowerCase();
}
