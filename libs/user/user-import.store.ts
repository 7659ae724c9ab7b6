import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { Clock } from '#libs/common';
import { Database } from '#libs/database';
import { normaliseEmail } from './normalise-email';
import { UserEntity } from './user.entity';
import type { Role } from './user.store';

/** An account of another system. */
export interface ImportedUser {
  email: string;
  /** Of a kind that sign-in can verify: see `checkImportedHash` of #libs/auth. */
  passwordHash: string;
  displayName: string | null;
  role: Role;
  /** A disabled account cannot sign in. */
  disabled: boolean;
}

/** An account that an import has created. */
export interface CreatedUser {
  id: string;
  role: string;
  disabled: boolean;
}

/** Imports accounts into Latchkey's own table. Methods throw DependencyUnavailableError. */
@Injectable()
export class UserImportStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates an account for each address without one. Existing accounts stay unchanged, and of two entries with the same
   * address the first is used. One query for any number.
   * @returns the created accounts.
   */
  async insertNew(users: readonly ImportedUser[]): Promise<CreatedUser[]> {
    const now = new Date(this.clock.nowMs());
    const rows = users.map(({ email, passwordHash, displayName, role, disabled }) => ({
      id: randomUUID(),
      email: normaliseEmail(email),
      passwordHash,
      displayName,
      role,
      disabledAt: disabled ? now : null,
      createdAt: now,
      updatedAt: now,
    }));
    const inserted = await this.database.run((manager) =>
      manager
        .createQueryBuilder()
        .insert()
        .into(UserEntity)
        .values(rows)
        .orIgnore()
        .updateEntity(false)
        .returning(['id', 'role', 'disabledAt'])
        .execute(),
    );
    const made = inserted.raw as { id: string; role: string; disabled_at: Date | null }[];
    return made.map(({ id, role, disabled_at }) => ({ id, role, disabled: disabled_at !== null }));
  }

  /** How many accounts `insertNew` would make. One query. */
  async countNew(users: readonly ImportedUser[]): Promise<number> {
    const emails = [...new Set(users.map(({ email }) => normaliseEmail(email)))];
    const taken = await this.database.run((manager) =>
      manager.countBy(UserEntity, { email: In(emails) }),
    );
    return emails.length - taken;
  }
}
