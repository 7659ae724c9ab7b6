import type { ClientConfig } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { InternalError } from '#libs/common';
import { AddRefreshTokensAndAccountState1764100000000 } from './migrations/1764100000000-add-refresh-tokens-and-account-state';
import { AddOutbox1764200000000 } from './migrations/1764200000000-add-outbox';
import { PrepareAvatars1764300000000 } from './migrations/1764300000000-prepare-avatars';
import { AddAuditEvents1764400000000 } from './migrations/1764400000000-add-audit-events';
import { AddJobRuns1764500000000 } from './migrations/1764500000000-add-job-runs';
import { AddTokenExpiryToSessions1764700000000 } from './migrations/1764700000000-add-token-expiry-to-sessions';
import { DeadlineClient } from './deadline-client';
import { CreateUsersAndSessions1764000000000 } from './migrations/1764000000000-create-users-and-sessions';

export interface DatabaseOptions {
  /** `postgres://` address. */
  url: string;
  /** Connections of the pool at most; a reserved one comes on top. */
  poolSize?: number;
  /** Milliseconds until waiting for a free or new connection fails. */
  connectTimeoutMs?: number;
  /** Milliseconds until the server gives a statement up. */
  statementTimeoutMs?: number;
  /** How often a connection is tried at the start, half a second apart, before the start fails. */
  connectAttempts?: number;
}

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 3000;
/** How much later than the server the client gives a statement up. */
const GIVE_UP_AFTER_MS = 500;

/** What every connection to Postgres has in common: deadlines, migrations, never `synchronize`. */
export function dataSourceOptions(
  options: DatabaseOptions,
): Extract<DataSourceOptions, { type: 'postgres' }> {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return {
    type: 'postgres',
    url: options.url,
    applicationName: 'latchkey',
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    migrations: [
      CreateUsersAndSessions1764000000000,
      AddRefreshTokensAndAccountState1764100000000,
      AddOutbox1764200000000,
      PrepareAvatars1764300000000,
      AddAuditEvents1764400000000,
      AddJobRuns1764500000000,
      AddTokenExpiryToSessions1764700000000,
    ],
    poolSize: options.poolSize ?? POOL_SIZE,
    connectTimeoutMS: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    extra: {
      statement_timeout: statementTimeoutMs,
      // A server that hangs does not give up; the client does.
      query_timeout: statementTimeoutMs + GIVE_UP_AFTER_MS,
      Client: DeadlineClient,
      keepAlive: true,
      idle_in_transaction_session_timeout: 10_000,
    },
  };
}

/** What a connection of the same data source outside its pool needs. */
export function clientConfigOf(options: DataSourceOptions): ClientConfig {
  if (options.type !== 'postgres') {
    throw new InternalError('the data source must be Postgres');
  }
  const { url, applicationName, connectTimeoutMS } = options;
  return {
    ...(options.extra as ClientConfig),
    ...(url !== undefined && { connectionString: url }),
    ...(applicationName !== undefined && { application_name: applicationName }),
    ...(connectTimeoutMS !== undefined && { connectionTimeoutMillis: connectTimeoutMS }),
  };
}
