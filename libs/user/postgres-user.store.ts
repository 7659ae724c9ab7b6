import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { In, type Repository } from 'typeorm';
import { Clock } from '#libs/common';
import { Database, isViolationOf } from '#libs/database';
import { normaliseEmail } from './normalise-email';
import type { VersionedProfile } from './profile';
import { UserEntity } from './user.entity';
import { EmailTakenError, LastAdministratorError } from './user.errors';
import { isDisabled, IS_ENABLED, PROFILE_COLUMNS, toProfile, type ProfileRow } from './user-row';
import {
  UserStore,
  type AccountChange,
  type ChangedAccount,
  type Credentials,
  type NewUser,
  type ProfileChange,
  type ReplacedAvatar,
} from './user.store';

const UNIQUE_EMAIL = 'uq_users_email';

/** An arbitrary number, unique among the advisory locks of this database. */
const ADMINISTRATORS_LOCK = 7_240_053;

/** Accounts in Postgres. One query per method. */
@Injectable()
export class PostgresUserStore extends UserStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  async create(user: NewUser): Promise<VersionedProfile> {
    const now = new Date(this.clock.nowMs());
    const row = Object.assign(new UserEntity(), {
      id: randomUUID(),
      email: normaliseEmail(user.email),
      passwordHash: user.passwordHash,
      displayName: user.displayName,
      bio: null,
      avatarUrl: null,
      role: user.role ?? 'user',
      profileVersion: 1,
      disabledAt: null,
      disabledUntil: null,
      disabledReason: null,
      lastSignInAt: user.signsIn ? now : null,
      createdAt: now,
      updatedAt: now,
    });
    try {
      await this.users((users) => users.insert(row));
    } catch (error) {
      throw isViolationOf(UNIQUE_EMAIL, error) ? new EmailTakenError({ cause: error }) : error;
    }
    return toProfile(row);
  }

  async findIdByEmail(email: string): Promise<string | null> {
    const row = await this.users((users) =>
      users.findOne({ select: { id: true }, where: { email: normaliseEmail(email) } }),
    );
    return row?.id ?? null;
  }

  async findCredentials(userId: string): Promise<Credentials | null> {
    const row = await this.users((users) =>
      users.findOne({
        select: {
          id: true,
          role: true,
          passwordHash: true,
          disabledAt: true,
          disabledUntil: true,
        },
        where: { id: userId },
      }),
    );
    if (!row) {
      return null;
    }
    const { role, passwordHash } = row;
    return { userId, role, passwordHash, disabled: isDisabled(row, this.clock.nowMs()) };
  }

  async readProfile(userId: string): Promise<VersionedProfile | null> {
    const row = await this.users((users) => users.findOneBy({ id: userId }));
    return row && toProfile(row);
  }

  async updateProfile(
    userId: string,
    change: ProfileChange,
    versions?: readonly number[],
  ): Promise<VersionedProfile | null> {
    const row = await this.update(userId, change, versions);
    return row && toProfile(row);
  }

  /** Two more queries: the row is locked first, so that no two changes replace the same picture. */
  async replaceAvatar(userId: string, avatarUrl: string | null): Promise<ReplacedAvatar | null> {
    return this.database.transaction(async () => {
      const before = await this.users((users) =>
        users.findOne({
          select: { id: true, avatarUrl: true },
          where: { id: userId },
          lock: { mode: 'pessimistic_write' },
        }),
      );
      const row = before && (await this.update(userId, { avatarUrl }));
      return row && { ...toProfile(row), previousAvatarUrl: before.avatarUrl };
    });
  }

  async shownAvatars(avatarUrls: readonly string[]): Promise<string[]> {
    const rows = await this.users((users) =>
      users.find({ select: { avatarUrl: true }, where: { avatarUrl: In(avatarUrls) } }),
    );
    return rows.flatMap(({ avatarUrl }) => avatarUrl ?? []);
  }

  async recordSignIn(userId: string): Promise<VersionedProfile | null> {
    const rows = await this.database.run((manager) =>
      manager.query<ProfileRow[]>(
        `WITH signed_in AS (
           UPDATE users SET last_sign_in_at = $2 WHERE id = $1 RETURNING ${PROFILE_COLUMNS}
         ) SELECT * FROM signed_in`,
        [userId, new Date(this.clock.nowMs())],
      ),
    );
    return rows[0] ? toProfile(rows[0]) : null;
  }

  /** Two more queries: the row is locked first, so that each change knows the previous state. */
  async changeAccount(userId: string, change: AccountChange): Promise<ChangedAccount | null> {
    return this.database.transaction(async () => {
      const before = await this.lock(userId);
      if (!before) {
        return null;
      }
      const nowMs = this.clock.nowMs();
      const { role, disabled } = change;
      if (disabled || (role !== undefined && role !== 'admin')) {
        await this.keepAnAdministrator(before, nowMs);
      }
      const row = await this.update(userId, {
        ...(role && { role }),
        ...(disabled !== undefined && stateOf(change, before, nowMs)),
      });
      return (
        row && {
          ...toProfile(row),
          disabled: isDisabled(row, nowMs),
          previous: { role: before.role, disabled: isDisabled(before, nowMs) },
        }
      );
    });
  }

  /** One more query for the profile, whose row is locked in the surrounding transaction. */
  async delete(userId: string, expectedHash?: string): Promise<VersionedProfile | null> {
    return this.database.transaction(async () => {
      const row = await this.lock(userId);
      const nowMs = this.clock.nowMs();
      const isProved =
        expectedHash === undefined ||
        (row?.passwordHash === expectedHash && !isDisabled(row, nowMs));
      if (!row || !isProved) {
        return null;
      }
      await this.keepAnAdministrator(row, nowMs);
      await this.users((users) => users.delete({ id: userId }));
      return { ...toProfile(row), version: row.profileVersion + 1 };
    });
  }

  async replacePasswordHash(userId: string, expected: string, next: string): Promise<boolean> {
    const updated = await this.users((users) =>
      users
        .createQueryBuilder()
        .update()
        .set({ passwordHash: next })
        .where({ id: userId, passwordHash: expected })
        .andWhere(IS_ENABLED, { now: new Date(this.clock.nowMs()) })
        .execute(),
    );
    return updated.affected === 1;
  }

  private lock(userId: string): Promise<UserEntity | null> {
    return this.users((users) =>
      users.findOne({ where: { id: userId }, lock: { mode: 'pessimistic_write' } }),
    );
  }

  /**
   * Called before an account loses role or access, in the transaction of the change. Such changes queue on one lock, so
   * that two administrators who remove each other at once do not both succeed: the second sees the commit of the first.
   * Two queries for an administrator, none for another user.
   * @throws LastAdministratorError
   */
  private async keepAnAdministrator(leaving: UserEntity, nowMs: number): Promise<void> {
    if (leaving.role !== 'admin' || isDisabled(leaving, nowMs)) {
      return;
    }
    await this.database.run((manager) =>
      manager.query('SELECT pg_advisory_xact_lock($1)', [ADMINISTRATORS_LOCK]),
    );
    const others = await this.users((users) =>
      users
        .createQueryBuilder()
        .where("role = 'admin' AND id <> :id", { id: leaving.id })
        .andWhere(IS_ENABLED, { now: new Date(nowMs) })
        .getExists(),
    );
    if (!others) {
      throw new LastAdministratorError();
    }
  }

  /** Writes the columns and raises the profile's version. */
  private async update(
    userId: string,
    columns: Partial<UserEntity>,
    versions?: readonly number[],
  ): Promise<UserEntity | null> {
    const updated = await this.users((users) =>
      users
        .createQueryBuilder()
        .update()
        .set({
          ...columns,
          profileVersion: () => 'profile_version + 1',
          updatedAt: new Date(this.clock.nowMs()),
        })
        .where({ id: userId, ...(versions && { profileVersion: In(versions) }) })
        .execute(),
    );
    return updated.affected ? this.users((users) => users.findOneBy({ id: userId })) : null;
  }

  private users<T>(work: (users: Repository<UserEntity>) => Promise<T>): Promise<T> {
    return this.database.run((manager) => work(manager.getRepository(UserEntity)));
  }
}

/** The columns of an account that is disabled or enabled. A disabling that is replaced keeps its begin. */
function stateOf(
  { disabled, disabledUntil, disabledReason }: AccountChange,
  before: UserEntity,
  nowMs: number,
): Pick<UserEntity, 'disabledAt' | 'disabledUntil' | 'disabledReason'> {
  if (!disabled) {
    return { disabledAt: null, disabledUntil: null, disabledReason: null };
  }
  return {
    disabledAt: isDisabled(before, nowMs) ? before.disabledAt : new Date(nowMs),
    disabledUntil: disabledUntil ?? null,
    disabledReason: disabledReason ?? null,
  };
}
