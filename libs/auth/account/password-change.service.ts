import { Injectable } from '@nestjs/common';
import { UserCaches } from '#libs/cache';
import { ANY_CLIENT, ValidationFailedError, type Admission, type FieldError } from '#libs/common';
import { UserSessionRevoker } from '#libs/session';
import { UserStore } from '#libs/user';
import { InvalidCredentialsError } from '../auth.errors';
import { PasswordHasher } from '../passwords/password-hasher';
import { PasswordPolicy } from '../passwords/password-policy';
import { IdentityProof } from './identity-proof';

const SAME_PASSWORD: FieldError = {
  field: 'newPassword',
  messages: ['newPassword must differ from the current password'],
};

@Injectable()
export class PasswordChangeService {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly proof: IdentityProof,
    private readonly sessions: UserSessionRevoker,
    private readonly caches: UserCaches,
  ) {}

  /**
   * Changes the password and, in the same transaction, revokes all sessions of the user.
   * @param admission the client for whom hashing is queued.
   * @throws InvalidCredentialsError; ValidationFailedError for a new password that is easy to guess, or the current
   * one; OverloadedError, DependencyUnavailableError.
   */
  async change(
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
    await this.passwords.inTurn(admission, () => this.replace(userId, current, next));
    await this.caches.clear(userId);
  }

  private async replace(userId: string, current: string, next: string): Promise<void> {
    const { passwordHash } = await this.proof.require(userId, current, 'password_change');
    const nextHash = await this.passwords.hash(next);
    await this.sessions.revokeAll(userId, {
      reason: 'password_change',
      beforeRevoke: async () => {
        // Only if the verified password is still the current one.
        if (!(await this.users.replacePasswordHash(userId, passwordHash, nextHash))) {
          throw new InvalidCredentialsError();
        }
      },
    });
  }
}
