import { Injectable } from '@nestjs/common';
import { UserCaches } from '#libs/cache';
import { ANY_CLIENT, type Admission, type DomainError } from '#libs/common';
import { SessionList, UserSessionRevoker } from '#libs/session';
import { UserStore, type Profile, type VersionedProfile } from '#libs/user';
import { AccountNotFoundError, InvalidCredentialsError } from '../auth.errors';
import { Invitations } from '../invitations/invitations';
import { PasswordHasher } from '../passwords/password-hasher';
import { IdentityProof } from './identity-proof';

@Injectable()
export class AccountDeletionService {
  constructor(
    private readonly users: UserStore,
    private readonly passwords: PasswordHasher,
    private readonly proof: IdentityProof,
    private readonly sessions: UserSessionRevoker,
    private readonly sessionList: SessionList,
    private readonly invitations: Invitations,
    private readonly caches: UserCaches,
  ) {}

  /**
   * Deletes the account and all its data. Its sessions are revoked in the same transaction; their records are deleted
   * afterwards.
   * @param admission the client for whom hashing is queued.
   * @returns the last profile.
   * @throws InvalidCredentialsError, LastAdministratorError, OverloadedError, DependencyUnavailableError
   */
  async delete(
    userId: string,
    password: string,
    admission: Admission = ANY_CLIENT,
  ): Promise<Profile> {
    const { passwordHash } = await this.passwords.inTurn(admission, () =>
      this.proof.require(userId, password, 'account_deletion'),
    );
    // Only if the verified password is still the current one.
    return this.remove(userId, InvalidCredentialsError, passwordHash);
  }

  /**
   * As `delete`, by an administrator: without a password, and also of a disabled account.
   * @returns the last profile.
   * @throws AccountNotFoundError, LastAdministratorError, DependencyUnavailableError
   */
  async deleteByAdministrator(userId: string): Promise<Profile> {
    return this.remove(userId, AccountNotFoundError);
  }

  /** @param Refusal thrown if the store deletes nothing. */
  private async remove(
    userId: string,
    Refusal: new () => DomainError,
    expectedHash?: string,
  ): Promise<Profile> {
    const deletions: VersionedProfile[] = [];
    await this.sessions.revokeAll(userId, {
      reason: 'account_deleted',
      beforeRevoke: async () => {
        const deleted = await this.users.delete(userId, expectedHash);
        if (!deleted) {
          throw new Refusal();
        }
        await this.invitations.deleteOf(userId);
        await this.caches.invalidateInTransaction(userId, deleted);
        deletions.push(deleted);
      },
    });
    const [deleted] = deletions as [VersionedProfile];
    await this.caches.invalidate(userId, deleted);
    await this.sessionList.deleteRecords(userId);
    return deleted.profile;
  }
}
