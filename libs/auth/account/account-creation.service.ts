import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { ANY_CLIENT, type Admission } from '#libs/common';
import { Database } from '#libs/database';
import { UserStore, type IssuedInvitation, type Profile, type Role } from '#libs/user';
import { Invitations } from '../invitations/invitations';
import { PasswordHasher } from '../passwords/password-hasher';
import { PasswordPolicy } from '../passwords/password-policy';

/** The parameters of `create`. */
export interface NewAccount {
  email: string;
  /** Absent: the user chooses it with an invitation. */
  password?: string | undefined;
  displayName: string | null;
  role: Role;
}

/** An account that an administrator has created. */
export interface CreatedAccount {
  profile: Profile;
  /** With the code, which is returned only here; null for an account with a password. */
  invitation: IssuedInvitation | null;
}

/** 256 bits. */
const UNKNOWN_PASSWORD_BYTES = 32;

/** Accounts that administrators create, in every mode of registration. */
@Injectable()
export class AccountCreationService {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly invitations: Invitations,
    private readonly events: AuditRecorder,
    private readonly database: Database,
  ) {}

  /**
   * Creates an account, its audit event and, without a password, an invitation to choose one, in one transaction. Until
   * then the account has the hash of a random password that is stored nowhere.
   * @param admission the client for whom hashing is queued.
   * @throws EmailTakenError; ValidationFailedError for a password that is easy to guess; OverloadedError,
   * DependencyUnavailableError.
   */
  async create(account: NewAccount, admission: Admission = ANY_CLIENT): Promise<CreatedAccount> {
    const { email, password, displayName, role } = account;
    if (password !== undefined) {
      await this.policy.check(password, 'password', { email, displayName });
    }
    const text = password ?? randomBytes(UNKNOWN_PASSWORD_BYTES).toString('base64url');
    const passwordHash = await this.passwords.inTurn(admission, () => this.passwords.hash(text));
    return this.database.transaction(async () => {
      const { profile } = await this.users.create({ email, passwordHash, displayName, role });
      const userId = profile.id;
      await this.events.recordInTransaction({
        name: 'account_created',
        userId,
        details: { role },
      });
      const invitation =
        password === undefined ? await this.invitations.create({ email, role, userId }) : null;
      return { profile, invitation };
    });
  }
}
