import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { ANY_CLIENT, type Admission, type RequestOrigin } from '#libs/common';
import { Database } from '#libs/database';
import { UserStore } from '#libs/user';
import { PasswordHasher } from '../passwords/password-hasher';
import { PasswordPolicy } from '../passwords/password-policy';
import { SessionIssuer, type SignedIn } from './session-issuer';

export interface RegisterUser {
  email: string;
  password: string;
  displayName: string | null;
}

@Injectable()
export class RegistrationService {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly sessions: SessionIssuer,
    private readonly events: AuditRecorder,
    private readonly database: Database,
  ) {}

  /**
   * Creates an account and signs its user in.
   * @param admission the client for whom hashing is queued.
   * @throws EmailTakenError; ValidationFailedError for a password that is easy to guess; OverloadedError,
   * DependencyUnavailableError.
   */
  async register(
    user: RegisterUser,
    client: RequestOrigin,
    admission: Admission = ANY_CLIENT,
  ): Promise<SignedIn> {
    await this.policy.check(user.password, 'password', user);
    return this.passwords.inTurn(admission, () => this.createAccount(user, client));
  }

  private async createAccount(user: RegisterUser, client: RequestOrigin): Promise<SignedIn> {
    const passwordHash = await this.passwords.hash(user.password);
    const { profile } = await this.database.transaction(async () => {
      const created = await this.users.create({ ...user, passwordHash, signsIn: true });
      const event = { userId: created.profile.id, origin: client, details: {} };
      await this.events.recordInTransaction({ name: 'account_registered', ...event });
      return created;
    });
    const generation = await this.sessions.generationOf(profile.id);
    return this.sessions.open(profile, generation, client);
  }
}
