import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { In, IsNull, type FindOptionsWhere, type Repository } from 'typeorm';
import { Clock } from '#libs/common';
import { Database, isViolationOf } from '#libs/database';
import { normaliseEmail } from './normalise-email';
import type { VersionedProfile } from './profile';
import { UserEntity } from './user.entity';
import { EmailTakenError } from './user.errors';
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
      role: 'user',
      profileVersion: 1,
      disabledAt: null,
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
        select: { id: true, role: true, passwordHash: true, disabledAt: true },
        where: { id: userId },
      }),
    );
    if (!row) {
      return null;
    }
    const { role, passwordHash, disabledAt } = row;
    return { userId, role, passwordHash, disabled: disabledAt !== null };
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

  /** Two more queries: the row is locked first, so that each change knows the previous state. */
  async changeAccount(
    userId: string,
    { role, disabled }: AccountChange,
  ): Promise<ChangedAccount | null> {
    return this.database.transaction(async () => {
      const before = await this.users((users) =>
        users.findOne({
          select: { id: true, role: true, disabledAt: true },
          where: { id: userId },
          lock: { mode: 'pessimistic_write' },
        }),
      );
      const disabledAt = disabled ? new Date(this.clock.nowMs()) : null;
      const row =
        before &&
        (await this.update(userId, {
          ...(role && { role }),
          ...(disabled !== undefined && { disabledAt }),
        }));
      return (
        row && {
          ...toProfile(row),
          disabled: row.disabledAt !== null,
          previous: { role: before.role, disabled: before.disabledAt !== null },
        }
      );
    });
  }

  /** One more query for the profile, whose row is locked in the surrounding transaction. */
  async delete(userId: string, expectedHash: string): Promise<VersionedProfile | null> {
    return this.database.transaction(async () => {
      const row = await this.users((users) =>
        users.findOne({
          where: whileProved(userId, expectedHash),
          lock: { mode: 'pessimistic_write' },
        }),
      );
      if (!row) {
        return null;
      }
      await this.users((users) => users.delete({ id: userId }));
      return { ...toProfile(row), version: row.profileVersion + 1 };
    });
  }

  async replacePasswordHash(userId: string, expected: string, next: string): Promise<boolean> {
    const updated = await this.users((users) =>
      users.update(whileProved(userId, expected), { passwordHash: next }),
    );
    return updated.affected === 1;
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

function toProfile(row: UserEntity): VersionedProfile {
  return {
    version: row.profileVersion,
    profile: {
      id: row.id,
      email: row.email,
      displayName: row.displayName,
      bio: row.bio,
      avatarUrl: row.avatarUrl,
      role: row.role,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    },
  };
}

/**
 * The row of a user whose password was checked against this hash, unless the hash has changed or the account is
 * disabled.
 */
function whileProved(userId: string, passwordHash: string): FindOptionsWhere<UserEntity> {
  return { id: userId, passwordHash, disabledAt: IsNull() };
}
