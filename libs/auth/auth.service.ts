import { Injectable, Logger } from '@nestjs/common';
import { SecurityEvents } from '#libs/audit';
import {
  ANY_CLIENT,
  identifyRequest,
  ValidationFailedError,
  type Admission,
  type FieldError,
} from '#libs/common';
import { Database } from '#libs/database';
import { Metrics } from '#libs/metrics';
import { ProfileCacheService, type Profile } from '#libs/profile-cache';
import {
  SessionService,
  SessionRevokedError,
  SessionsRevokedError,
  formatRefreshToken,
  type ClientDetails,
  type DatedSession,
  type GenuineToken,
  type OpenedSession,
  type Session,
} from '#libs/session';
import { UserStore, type Credentials } from '#libs/user';
import { AccountDisabledError, InvalidCredentialsError } from './auth.errors';
import { PasswordHasher } from './passwords/password-hasher';
import { PasswordPolicy } from './passwords/password-policy';
import { TokenService, type AccessToken } from './token.service';

export interface RegisterUser {
  email: string;
  password: string;
  displayName: string | null;
}

/** A fresh sign-in or refresh: the session, the tokens for it, and whose it is. */
export interface SignedIn {
  session: DatedSession;
  accessToken: AccessToken;
  refreshToken: string;
  /** Seconds from issue until the refresh token, and the session, expire. */
  refreshExpiresInSeconds: number;
  profile: Profile;
}

/** A sign-in that met this many revoke-alls in a row gives up. */
const MAX_SIGN_IN_ATTEMPTS = 3;
/** The nil UUID (RFC 9562 section 5.9): nobody's id. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

const SAME_PASSWORD: FieldError = {
  field: 'newPassword',
  messages: ['newPassword must be another one than the current password'],
};

/**
 * Sign-up, sign-in, sign-out, change of password. Throws DependencyUnavailableError throughout, and
 * OverloadedError where a password is hashed or checked: `admission` says whose turn it is.
 */
@Injectable()
export class AuthService {
  private readonly logger = new Logger('Auth');

  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly sessions: SessionService,
    private readonly profiles: ProfileCacheService,
    private readonly tokens: TokenService,
    private readonly events: SecurityEvents,
    private readonly database: Database,
    private readonly metrics: Metrics,
  ) {}

  /** @throws EmailTakenError; ValidationFailedError for a password that is too easy to guess. */
  async register(
    user: RegisterUser,
    client: ClientDetails,
    admission: Admission = ANY_CLIENT,
  ): Promise<SignedIn> {
    await this.policy.check(user.password, 'password', user);
    return this.passwords.inTurn(admission, () => this.createAccount(user, client));
  }

  private async createAccount(user: RegisterUser, client: ClientDetails): Promise<SignedIn> {
    const passwordHash = await this.passwords.hash(user.password);
    const { profile } = await this.database.transaction(async () => {
      const created = await this.users.create({ ...user, passwordHash });
      const event = { userId: created.profile.id, origin: client, details: {} };
      await this.events.recordInTransaction({ name: 'account_registered', ...event });
      return created;
    });
    const generation = await this.sessions.generationOf(profile.id);
    return this.openSession(profile, generation, client);
  }

  /** @throws InvalidCredentialsError, AccountDisabledError */
  async login(
    email: string,
    password: string,
    client: ClientDetails,
    admission: Admission = ANY_CLIENT,
  ): Promise<SignedIn> {
    return this.metrics.auth.logins.count(() =>
      this.passwords.inTurn(admission, () => this.loginRepeatedly(email, password, client)),
    );
  }

  private async loginRepeatedly(
    email: string,
    password: string,
    client: ClientDetails,
  ): Promise<SignedIn> {
    for (let attempt = 1; ; attempt++) {
      try {
        const signedIn = await this.tryLogin(email, password, client);
        const { userId, id: sessionId } = signedIn.session;
        const event = { userId, sessionId, origin: client, details: {} };
        this.events.record({ name: 'login_succeeded', ...event });
        return signedIn;
      } catch (error) {
        // Everything was revoked while the password was checked. Start over: the password may be
        // another one now, and if it still is this one, the new session is newer than the revocation.
        if (!(error instanceof SessionsRevokedError) || attempt === MAX_SIGN_IN_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  /**
   * New tokens for a refresh token, and more life for its session. See SessionService.refresh.
   * @param admit called for a genuine token before anything is written; what it throws leaves the token as it is.
   * @throws RefreshTokenInvalidError, SessionExpiredError, SessionRevokedError
   */
  async refresh(
    refreshToken: string,
    client: ClientDetails,
    admit?: (token: GenuineToken) => Promise<void>,
  ): Promise<SignedIn> {
    return this.metrics.auth.refreshes.count(() => this.rotate(refreshToken, client, admit));
  }

  private async rotate(
    refreshToken: string,
    client: ClientDetails,
    admit?: (token: GenuineToken) => Promise<void>,
  ): Promise<SignedIn> {
    const profiles: Profile[] = [];
    // Before the token is used up: a store that fails in between must not cost the session.
    const alongside = async (userId: string) => {
      const current = await this.users.readProfile(userId);
      if (!current) {
        throw new SessionRevokedError();
      }
      profiles.push(current.profile);
    };
    const rotation = await this.sessions.refresh(refreshToken, client, { admit, alongside });
    const [profile] = profiles as [Profile];
    return this.signedIn(rotation, profile, rotation.rotatedAtMs);
  }

  /** Ends this session and forgets the cached profile. Idempotent. */
  async logout(session: Session): Promise<void> {
    await this.sessions.revoke(session, 'logout');
    const { userId, id: sessionId } = session;
    this.events.record({ name: 'logout', userId, sessionId, details: {} });
    await this.profiles.clear(session.userId);
  }

  /** Ends every session of the user, this one too. @returns how many were alive. */
  async logoutAll(userId: string): Promise<number> {
    const revoked = await this.sessions.revokeAll(userId, {
      reason: 'logout-all',
      afterwards: async (revokedSessions) => {
        const details = { reason: 'logout_all', revokedSessions } as const;
        await this.events.recordInTransaction({ name: 'sessions_revoked', userId, details });
      },
    });
    await this.profiles.clear(userId);
    return revoked;
  }

  /**
   * Changes the password and, in the same transaction, ends every session of the user.
   * @throws InvalidCredentialsError; ValidationFailedError for a new password that is too easy to guess, or
   * the current one.
   */
  async changePassword(
    userId: string,
    current: string,
    next: string,
    admission: Admission = ANY_CLIENT,
  ): Promise<void> {
    if (next === current) {
      throw new ValidationFailedError([SAME_PASSWORD]);
    }
    const owner = await this.users.readProfile(userId);
    if (owner) {
      await this.policy.check(next, 'newPassword', owner.profile);
    }
    await this.passwords.inTurn(admission, () => this.replacePassword(userId, current, next));
    await this.profiles.clear(userId);
  }

  private async replacePassword(userId: string, current: string, next: string): Promise<void> {
    const { passwordHash } = await this.proveIdentity(userId, current, 'password_change');
    const nextHash = await this.passwords.hash(next);
    await this.sessions.revokeAll(userId, {
      reason: 'password-change',
      alongside: async () => {
        if (!(await this.users.replacePasswordHash(userId, passwordHash, nextHash))) {
          throw new InvalidCredentialsError();
        }
      },
      afterwards: async (revokedSessions) => {
        const event = { userId, details: { revokedSessions } };
        await this.events.recordInTransaction({ name: 'password_changed', ...event });
      },
    });
  }

  /**
   * Deletes the account and everything of it. Its sessions are revoked in the same transaction;
   * their records go right after.
   * @returns the profile as it last was.
   * @throws InvalidCredentialsError
   */
  async deleteAccount(
    userId: string,
    password: string,
    admission: Admission = ANY_CLIENT,
  ): Promise<Profile> {
    const { passwordHash } = await this.passwords.inTurn(admission, () =>
      this.proveIdentity(userId, password, 'account_deletion'),
    );
    const deleted: Profile[] = [];
    await this.sessions.revokeAll(userId, {
      reason: 'account-deleted',
      alongside: async () => {
        const current = await this.users.delete(userId, passwordHash);
        if (!current) {
          throw new InvalidCredentialsError();
        }
        deleted.push(current);
      },
      afterwards: async (revokedSessions) => {
        const event = { userId, details: { revokedSessions } };
        await this.events.recordInTransaction({ name: 'account_deleted', ...event });
      },
    });
    await this.profiles.clear(userId);
    await this.sessions.deleteRecords(userId);
    const [profile] = deleted as [Profile];
    return profile;
  }

  private async proveIdentity(
    userId: string,
    password: string,
    purpose: 'password_change' | 'account_deletion',
  ): Promise<Credentials> {
    const credentials = await this.users.findCredentials(userId);
    const matches = await this.passwords.verify(credentials?.passwordHash ?? null, password);
    if (!matches || !credentials) {
      this.events.record({ name: 'identity_not_proved', userId, details: { purpose } });
      throw new InvalidCredentialsError();
    }
    return credentials;
  }

  /** The generation is read before the hash: see SessionService.generationOf. */
  private async tryLogin(
    email: string,
    password: string,
    client: ClientDetails,
  ): Promise<SignedIn> {
    const userId = await this.users.findIdByEmail(email);
    // An unknown address takes as many steps as a known one: their time would tell the two apart.
    const generation = await this.sessions.generationOf(userId ?? NOBODY);
    const credentials = await this.users.findCredentials(userId ?? NOBODY);
    const matches = await this.passwords.verify(credentials?.passwordHash ?? null, password);
    if (!matches || !credentials) {
      const reason = credentials ? 'wrong_password' : 'unknown_account';
      this.events.record({ name: 'login_failed', userId, origin: client, details: { reason } });
      throw new InvalidCredentialsError();
    }
    if (credentials.disabled) {
      const details = { reason: 'account_disabled' } as const;
      this.events.record({ name: 'login_failed', userId, origin: client, details });
      throw new AccountDisabledError();
    }
    await this.upgradeHash(credentials, password);
    const current = await this.users.readProfile(credentials.userId);
    if (!current) {
      throw new InvalidCredentialsError();
    }
    return this.openSession(current.profile, generation, client);
  }

  private async openSession(
    profile: Profile,
    generation: number,
    client: ClientDetails,
  ): Promise<SignedIn> {
    const { id: userId, role } = profile;
    const opened = await this.sessions.open({ userId, role, generation, client });
    return this.signedIn(opened, profile, opened.session.createdAtMs);
  }

  /** The refresh token's id serves as `jti`, so that a repeated refresh gets the same pair. */
  private signedIn(
    { session, refreshToken }: OpenedSession,
    profile: Profile,
    issuedAtMs: number,
  ): SignedIn {
    identifyRequest(session);
    return {
      session,
      accessToken: this.tokens.issue(session, refreshToken.id, issuedAtMs),
      refreshToken: formatRefreshToken(refreshToken),
      refreshExpiresInSeconds: Math.floor((session.expiresAtMs - issuedAtMs) / 1000),
      profile,
    };
  }

  /**
   * The hash is of another system, or its parameters are not today's: now, with the password at hand, is the
   * time.
   */
  private async upgradeHash(
    { userId, passwordHash }: Credentials,
    password: string,
  ): Promise<void> {
    if (!this.passwords.isOutdated(passwordHash)) {
      return;
    }
    const upgraded = await this.passwords.hash(password);
    await this.users.replacePasswordHash(userId, passwordHash, upgraded);
    this.logger.log('password hash upgraded at sign-in');
  }
}
