import { Injectable, Logger } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { ANY_CLIENT, type Admission, type RequestOrigin } from '#libs/common';
import { Metrics } from '#libs/metrics';
import { SessionsRevokedError } from '#libs/session';
import { UserStore, type Credentials } from '#libs/user';
import { AccountDisabledError, InvalidCredentialsError } from '../auth.errors';
import { PasswordHasher } from '../passwords/password-hasher';
import { SessionIssuer, type SessionChoices, type SignedIn } from './session-issuer';

/** A sign-in fails after this many concurrent revoke-alls in a row. */
const MAX_ATTEMPTS = 3;
/** The nil UUID (RFC 9562 section 5.9), which no user has. */
const NO_USER = '00000000-0000-0000-0000-000000000000';

interface GivenCredentials {
  email: string;
  password: string;
}

@Injectable()
export class LoginService {
  private readonly logger = new Logger('Auth');

  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly sessions: SessionIssuer,
    private readonly events: AuditRecorder,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Signs a user in by e-mail address and password.
   * @param admission the client for whom hashing is queued.
   * @param choices of the new session.
   * @throws InvalidCredentialsError, AccountDisabledError, OverloadedError, DependencyUnavailableError
   */
  async login(
    email: string,
    password: string,
    client: RequestOrigin,
    admission: Admission = ANY_CLIENT,
    choices: SessionChoices = {},
  ): Promise<SignedIn> {
    const credentials = { email, password };
    return this.metrics.auth.logins.count(() =>
      this.passwords.inTurn(admission, () => this.loginRepeatedly(credentials, client, choices)),
    );
  }

  private async loginRepeatedly(
    given: GivenCredentials,
    client: RequestOrigin,
    choices: SessionChoices,
  ): Promise<SignedIn> {
    for (let attempt = 1; ; attempt++) {
      try {
        const signedIn = await this.tryLogin(given, client, choices);
        const { userId, id: sessionId } = signedIn.session;
        const event = { userId, sessionId, origin: client, details: {} };
        this.events.record({ name: 'login_succeeded', ...event });
        return signedIn;
      } catch (error) {
        // All sessions were revoked while the password was verified. Start over: the password may have changed; if not,
        // the new session is newer than the revocation.
        if (!(error instanceof SessionsRevokedError) || attempt === MAX_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  /** Reads the generation before the hash: see SessionOpener.generationOf. */
  private async tryLogin(
    { email, password }: GivenCredentials,
    client: RequestOrigin,
    choices: SessionChoices,
  ): Promise<SignedIn> {
    const userId = await this.users.findIdByEmail(email);
    // An unknown address takes as many steps as a known one: otherwise the duration would reveal it.
    const generation = await this.sessions.generationOf(userId ?? NO_USER);
    const credentials = await this.users.findCredentials(userId ?? NO_USER);
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
    const current = await this.users.recordSignIn(credentials.userId);
    if (!current) {
      throw new InvalidCredentialsError();
    }
    return this.sessions.open(current.profile, generation, client, choices);
  }

  /** Replaces a hash of another system or with outdated parameters, while the password is available. */
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
