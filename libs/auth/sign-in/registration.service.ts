import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { UserCaches } from '#libs/cache';
import { ANY_CLIENT, type Admission, type RequestOrigin } from '#libs/common';
import { Database } from '#libs/database';
import { UserSessionRevoker } from '#libs/session';
import { UserStore, type Invitation, type Profile, type Role } from '#libs/user';
import {
  AccountDisabledError,
  InvitationRequiredError,
  RegistrationClosedError,
} from '../auth.errors';
import { AuthOptions } from '../auth.options';
import { Invitations } from '../invitations/invitations';
import { PasswordHasher } from '../passwords/password-hasher';
import { PasswordPolicy } from '../passwords/password-policy';
import { SessionIssuer, type SessionChoices, type SignedIn } from './session-issuer';

export interface RegisterUser {
  email: string;
  password: string;
  displayName: string | null;
  /** The code of an invitation. */
  invitation?: string | undefined;
}

@Injectable()
export class RegistrationService {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly invitations: Invitations,
    private readonly sessions: SessionIssuer,
    private readonly revoker: UserSessionRevoker,
    private readonly caches: UserCaches,
    private readonly events: AuditRecorder,
    private readonly database: Database,
    private readonly options: AuthOptions,
  ) {}

  /**
   * Creates an account, or gives an account that an administrator has created its password, and signs the user in.
   * @param admission the client for whom hashing is queued.
   * @param choices of the new session.
   * @throws RegistrationClosedError, InvitationRequiredError, before anything about the address is looked up;
   * EmailTakenError; AccountDisabledError; ValidationFailedError for a password that is easy to guess; OverloadedError,
   * DependencyUnavailableError.
   */
  async register(
    user: RegisterUser,
    client: RequestOrigin,
    admission: Admission = ANY_CLIENT,
    choices: SessionChoices = {},
  ): Promise<SignedIn> {
    const { userId = null } = (await this.admit(user)) ?? {};
    await this.policy.check(user.password, 'password', user);
    return this.passwords.inTurn(admission, () =>
      userId === null
        ? this.createAccount(user, client, choices)
        : this.completeAccount(userId, user, client, choices),
    );
  }

  /** An invitation for an existing account is valid in every mode: it creates no account. */
  private async admit({ email, invitation: code }: RegisterUser): Promise<Invitation | null> {
    const { registration: mode = 'open' } = this.options;
    if (code === undefined) {
      if (mode === 'open') {
        return null;
      }
      throw mode === 'closed' ? new RegistrationClosedError() : new InvitationRequiredError();
    }
    const invitation = await this.invitations.find(code, email);
    if (mode === 'closed' && invitation.userId === null) {
      throw new RegistrationClosedError();
    }
    return invitation;
  }

  private async createAccount(
    user: RegisterUser,
    client: RequestOrigin,
    choices: SessionChoices,
  ): Promise<SignedIn> {
    const { email, displayName, invitation: code } = user;
    const passwordHash = await this.passwords.hash(user.password);
    const { profile } = await this.database.transaction(async () => {
      // Deleted with the commit: a taken address leaves it usable.
      const invitation = code === undefined ? null : await this.invitations.take(code, email);
      const role: Role = invitation?.role ?? 'user';
      const created = await this.users.create({
        email,
        passwordHash,
        displayName,
        role,
        signsIn: true,
      });
      const event = { userId: created.profile.id, origin: client };
      await this.events.recordInTransaction({ name: 'account_registered', ...event, details: {} });
      if (invitation) {
        const details = { invitationId: invitation.id };
        await this.events.recordInTransaction({ name: 'invitation_used', ...event, details });
      }
      return created;
    });
    return this.signIn(profile, client, choices);
  }

  /** Sets the password of an invited account. As with every change of a password, all sessions end. */
  private async completeAccount(
    userId: string,
    { email, password, displayName, invitation: code = '' }: RegisterUser,
    client: RequestOrigin,
    choices: SessionChoices,
  ): Promise<SignedIn> {
    const nextHash = await this.passwords.hash(password);
    const before = await this.users.findCredentials(userId);
    if (!before) {
      throw new InvitationRequiredError();
    }
    if (before.disabled) {
      throw new AccountDisabledError();
    }
    await this.revoker.revokeAll(userId, {
      reason: 'password_change',
      beforeRevoke: async () => {
        // The account first, as a deletion locks it: the opposite order could deadlock.
        if (!(await this.users.replacePasswordHash(userId, before.passwordHash, nextHash))) {
          throw new InvitationRequiredError();
        }
        const { id: invitationId } = await this.invitations.take(code, email);
        await this.events.recordInTransaction({
          name: 'invitation_used',
          userId,
          origin: client,
          details: { invitationId },
        });
      },
    });
    if (displayName !== null) {
      await this.caches.change(userId, () => this.users.updateProfile(userId, { displayName }));
    }
    const signedIn = await this.users.recordSignIn(userId);
    if (!signedIn) {
      throw new InvitationRequiredError();
    }
    return this.signIn(signedIn.profile, client, choices);
  }

  private async signIn(
    profile: Profile,
    client: RequestOrigin,
    choices: SessionChoices,
  ): Promise<SignedIn> {
    const generation = await this.sessions.generationOf(profile.id);
    return this.sessions.open(profile, generation, client, choices);
  }
}
