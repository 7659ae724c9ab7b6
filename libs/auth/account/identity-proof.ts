import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { UserStore, type Credentials } from '#libs/user';
import { InvalidCredentialsError } from '../auth.errors';
import { PasswordHasher } from '../passwords/password-hasher';

/** What a user proves their identity for. */
export type ProofPurpose = 'password_change' | 'account_deletion';

/** Asks a user who is signed in for the password again. */
@Injectable()
export class IdentityProof {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly events: AuditRecorder,
  ) {}

  /** @returns what was proved against. @throws InvalidCredentialsError, DependencyUnavailableError */
  async require(userId: string, password: string, purpose: ProofPurpose): Promise<Credentials> {
    const credentials = await this.users.findCredentials(userId);
    const matches = await this.passwords.verify(credentials?.passwordHash ?? null, password);
    if (!matches || !credentials) {
      this.events.record({ name: 'identity_not_proved', userId, details: { purpose } });
      throw new InvalidCredentialsError();
    }
    return credentials;
  }
}
