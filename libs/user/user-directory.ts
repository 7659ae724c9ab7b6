import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { Database } from '#libs/database';
import { normaliseEmail } from './normalise-email';
import type { Profile } from './profile';
import { isDisabled, PROFILE_COLUMNS, toProfile, type ProfileRow, type StateRow } from './user-row';
import type { Role } from './user.store';

/** An account as administrators see it. Instants are ISO 8601, UTC. */
export interface DirectoryUser {
  profile: Profile;
  /** Null for an enabled account, as the two that follow. */
  disabledAt: string | null;
  /** When the disabling ends by itself; null: it has no end. */
  disabledUntil: string | null;
  disabledReason: string | null;
  lastSignInAt: string | null;
}

/** Which accounts to list; an absent field restricts nothing. */
export interface DirectoryQuery {
  /** The whole address. */
  email?: string;
  /** A prefix of the address or of the display name, in any case. */
  prefix?: string;
  role?: Role;
  disabled?: boolean;
}

/** Where a page ends: a list continues behind this entry. */
export interface DirectoryCursor {
  /** Of a list with a prefix: the address or the name as indexed; else milliseconds since the Unix epoch. */
  key: string;
  /** Of the account. */
  id: string;
}

/** Accounts, with the cursor of the next page; null after the last. */
export interface DirectoryPage {
  users: DirectoryUser[];
  next: DirectoryCursor | null;
}

type Row = ProfileRow &
  StateRow & {
    disabledReason: string | null;
    lastSignInAt: Date | null;
    sortKey: string;
    /** false: a second entry of an account that the list has under a smaller key. */
    shown: boolean;
  };

/** Conditions, and the parameters that they name: `$1`, `$2` … */
interface Statement {
  conditions: string[];
  parameters: unknown[];
}

const COLUMNS = `${PROFILE_COLUMNS}, disabled_at AS "disabledAt", disabled_until AS "disabledUntil",
  disabled_reason AS "disabledReason", last_sign_in_at AS "lastSignInAt"`;
/** As the indexes have them. */
const ADDRESS = 'email COLLATE "C"';
const NAME = 'left(lower(display_name), 64) COLLATE "C"';
/** Behind every character of a text. */
const LAST_CHARACTER = '\u{10FFFF}';

/**
 * Latchkey's own accounts for administrators: lists and searches them by indexes, in pages that begin after the last
 * account of the page before. Methods throw DependencyUnavailableError while Postgres is unavailable.
 */
@Injectable()
export class UserDirectory {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The account; null if it does not exist. One query. */
  async find(userId: string): Promise<DirectoryUser | null> {
    const rows = await this.query(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [userId]);
    return rows[0] ? this.toUser(rows[0]) : null;
  }

  /**
   * A page of accounts: the newest first; with a prefix in the order of what begins with it, address or name. An account
   * of which both do is listed once. One query, which reads at most `4 * limit` entries of indexes.
   * @param limit the largest number of accounts of the page. A page with a prefix may have fewer, and still not be the
   * last: some of its entries are those of accounts that the list has already.
   * @param after of an earlier page of the same query.
   */
  async list(
    query: DirectoryQuery,
    limit: number,
    after?: DirectoryCursor,
  ): Promise<DirectoryPage> {
    if (query.prefix === undefined) {
      return this.toPage(await this.byTime(query, limit + 1, after), limit, limit);
    }
    const prefix = query.prefix.normalize('NFC').trim();
    // An account has two entries at most.
    const entries = 2 * limit;
    return this.toPage(await this.byPrefix(prefix, query, entries + 1, after), limit, entries);
  }

  private byTime(query: DirectoryQuery, limit: number, after?: DirectoryCursor): Promise<Row[]> {
    const statement = this.filtered(query);
    if (after) {
      const key = parameter(statement, new Date(Number(after.key)));
      const id = parameter(statement, after.id);
      statement.conditions.push(`(created_at, id) < (${key}, ${id}::uuid)`);
    }
    const sortKey = '(extract(epoch FROM created_at) * 1000)::bigint';
    const sql = `SELECT ${COLUMNS}, ${sortKey} AS "sortKey", true AS shown FROM users
      WHERE ${statement.conditions.join(' AND ') || 'true'}
      ORDER BY created_at DESC, id DESC LIMIT ${parameter(statement, limit)}`;
    return this.query(sql, statement.parameters);
  }

  /**
   * Entries of both indexes, merged: each account under its address, its name or both. Which of two is shown is decided
   * by the account alone, so that no page needs another and none searches for accounts that earlier pages had. Postgres
   * folds the case, of the names and of the prefix.
   */
  private byPrefix(
    prefix: string,
    query: DirectoryQuery,
    limit: number,
    after?: DirectoryCursor,
  ): Promise<Row[]> {
    const statement = this.filtered(query);
    const address = `${parameter(statement, normaliseEmail(prefix))}::text`;
    const name = `lower(${parameter(statement, prefix)}::text)`;
    const end = `${parameter(statement, LAST_CHARACTER)}::text`;
    const behind = after
      ? `(${parameter(statement, after.key)}::text, ${parameter(statement, after.id)}::uuid)`
      : null;
    const most = parameter(statement, limit);
    const filters = statement.conditions.map((condition) => ` AND ${condition}`).join('');
    const hasAddress = `starts_with(email, ${address})`;
    const hasName = `coalesce(starts_with(lower(display_name), ${name}), false)`;
    const sql = `SELECT * FROM (
        (SELECT ${COLUMNS}, email::text AS "sortKey", NOT (${hasName} AND ${NAME} < ${ADDRESS}) AS shown
           FROM users
          WHERE ${ADDRESS} >= ${address} AND ${ADDRESS} < ${address} || ${end}
                ${behind ? `AND (${ADDRESS}, id) > ${behind}` : ''}${filters}
          ORDER BY ${ADDRESS} LIMIT ${most})
        UNION ALL
        (SELECT ${COLUMNS}, ${NAME}, NOT (${hasAddress} AND ${ADDRESS} <= ${NAME})
           FROM users
          WHERE display_name IS NOT NULL AND ${hasName}
            AND ${NAME} >= left(${name}, 64) AND ${NAME} < left(${name}, 64) || ${end}
                ${behind ? `AND (${NAME}, id) > ${behind}` : ''}${filters}
          ORDER BY ${NAME}, id LIMIT ${most})
      ) AS entries ORDER BY "sortKey" COLLATE "C", id LIMIT ${most}`;
    return this.query(sql, statement.parameters);
  }

  /** The conditions that every list has. A role is no parameter: by its value Postgres chooses a partial index. */
  private filtered({ email, role, disabled }: DirectoryQuery): Statement {
    const statement: Statement = { conditions: [], parameters: [] };
    if (email !== undefined) {
      statement.conditions.push(`email = ${parameter(statement, normaliseEmail(email))}`);
    }
    if (role !== undefined) {
      statement.conditions.push(role === 'admin' ? "role = 'admin'" : "role = 'user'");
    }
    if (disabled !== undefined) {
      const now = parameter(statement, new Date(this.clock.nowMs()));
      statement.conditions.push(
        disabled
          ? `disabled_at IS NOT NULL AND (disabled_until IS NULL OR disabled_until > ${now})`
          : `(disabled_at IS NULL OR disabled_until <= ${now})`,
      );
    }
    return statement;
  }

  /**
   * @param rows entries, one more than `entries` if there is another page.
   * @param limit the largest number of accounts.
   */
  private toPage(rows: readonly Row[], limit: number, entries: number): DirectoryPage {
    const users: DirectoryUser[] = [];
    let used = 0;
    for (const row of rows.slice(0, entries)) {
      if (users.length === limit) {
        break;
      }
      used += 1;
      if (row.shown) {
        users.push(this.toUser(row));
      }
    }
    const last = rows[used - 1];
    const next = used < rows.length && last ? { key: last.sortKey, id: last.id } : null;
    return { users, next };
  }

  private toUser(row: Row): DirectoryUser {
    const disabled = isDisabled(row, this.clock.nowMs());
    return {
      profile: toProfile(row).profile,
      disabledAt: disabled ? toInstant(row.disabledAt) : null,
      disabledUntil: disabled ? toInstant(row.disabledUntil) : null,
      disabledReason: disabled ? row.disabledReason : null,
      lastSignInAt: toInstant(row.lastSignInAt),
    };
  }

  private query(sql: string, parameters: unknown[]): Promise<Row[]> {
    return this.database.run((manager) => manager.query<Row[]>(sql, parameters));
  }
}

/** Adds a parameter and returns its name. */
function parameter({ parameters }: Statement, value: unknown): string {
  parameters.push(value);
  return `$${parameters.length}`;
}

function toInstant(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
