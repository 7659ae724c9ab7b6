import { Injectable } from '@nestjs/common';
import { UserCaches } from '#libs/cache';
import { ANY_CLIENT, type Admission } from '#libs/common';
import { SessionList, UserSessionRevoker } from '#libs/session';
import { UserStore, type Profile, type VersionedProfile } from '#libs/user';
import { InvalidCredentialsError } from '../auth.errors';
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
    private readonly caches: UserCaches,
  ) {}

  /**
   * Deletes the account and all its data. Its sessions are revoked in the same transaction; their records are deleted
   * afterwards.
   * @param admission the client for whom hashing is queued.
   * @returns the last profile.
   * @throws InvalidCredentialsError, OverloadedError, DependencyUnavailableError
   */
  async delete(
    userId: string,
    password: string,
    admission: Admission = ANY_CLIENT,
  ): Promise<Profile> {
    const { passwordHash } = await this.passwords.inTurn(admission, () =>
      this.proof.require(userId, password, 'account_deletion'),
    );
    const deletions: VersionedProfile[] = [];
    await this.sessions.revokeAll(userId, {
      reason: 'account_deleted',
      beforeRevoke: async () => {
        // Only if the verified password is still the current one.
        const deleted = await this.users.delete(userId, passwordHash);
        if (!deleted) {
          throw new InvalidCredentialsError();
        }
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
