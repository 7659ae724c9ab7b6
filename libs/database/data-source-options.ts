import type { DataSourceOptions } from 'typeorm';
import { AddRefreshTokensAndAccountState1764100000000 } from './migrations/1764100000000-add-refresh-tokens-and-account-state';
import { CreateUsersAndSessions1764000000000 } from './migrations/1764000000000-create-users-and-sessions';

export interface DatabaseOptions {
  /** `postgres://` address. */
  url: string;
  /** Connections kept at most. */
  poolSize?: number;
  /** Milliseconds until waiting for a free or new connection fails. */
  connectTimeoutMs?: number;
  /** Milliseconds until the server gives a statement up. */
  statementTimeoutMs?: number;
  /** How often a connection is tried at the start, half a second apart, before the start fails. */
  connectAttempts?: number;
}

/** What every connection to Postgres has in common: deadlines, migrations, never `synchronize`. */
export function dataSourceOptions(
  options: DatabaseOptions,
): Extract<DataSourceOptions, { type: 'postgres' }> {
  const statementTimeoutMs = options.statementTimeoutMs ?? 5000;
  return {
    type: 'postgres',
    url: options.url,
    applicationName: 'latchkey',
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    migrations: [CreateUsersAndSessions1764000000000, AddRefreshTokensAndAccountState1764100000000],
    poolSize: options.poolSize ?? 10,
    connectTimeoutMS: options.connectTimeoutMs ?? 3000,
    extra: {
      statement_timeout: statementTimeoutMs,
      // The client gives up later than the server, so that a hung server is noticed too.
      query_timeout: statementTimeoutMs + 1000,
      idle_in_transaction_session_timeout: 10_000,
    },
  };
}
