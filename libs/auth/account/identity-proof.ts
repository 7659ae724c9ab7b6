import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { UserStore, type Credentials } from '#libs/user';
import { InvalidCredentialsError } from '../auth.errors';
import { PasswordHasher } from '../passwords/password-hasher';

/** The operations that require a proof of identity. */
export type ProofPurpose = 'password_change' | 'account_deletion' | 'reauthentication';

/** Verifies the password of a signed-in user. */
@Injectable()
export class IdentityProof {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly events: AuditRecorder,
  ) {}

  /**
   * @returns the credentials that the password was verified against.
   * @throws InvalidCredentialsError, DependencyUnavailableError
   */
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
