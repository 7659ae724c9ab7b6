import * as pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { InternalError, parsePostgresUrl } from '#libs/common';
import { ConnectionPool } from './connection-pool';
import { Endpoints } from './endpoints';
import { AddRefreshTokensAndAccountState1764100000000 } from './migrations/1764100000000-add-refresh-tokens-and-account-state';
import { AddOutbox1764200000000 } from './migrations/1764200000000-add-outbox';
import { PrepareAvatars1764300000000 } from './migrations/1764300000000-prepare-avatars';
import { AddAuditEvents1764400000000 } from './migrations/1764400000000-add-audit-events';
import { AddJobRuns1764500000000 } from './migrations/1764500000000-add-job-runs';
import { AddTokenExpiryToSessions1764700000000 } from './migrations/1764700000000-add-token-expiry-to-sessions';
import { IndexUsedRefreshTokens1764800000000 } from './migrations/1764800000000-index-used-refresh-tokens';
import { DropJobRuns1764900000000 } from './migrations/1764900000000-drop-job-runs';
import { NameRedisEpochs1765000000000 } from './migrations/1765000000000-name-redis-epochs';
import { AddLiveEpochs1765100000000 } from './migrations/1765100000000-add-live-epochs';
import { AddUserAdministration1765200000000 } from './migrations/1765200000000-add-user-administration';
import { AddSessionDetails1765250000000 } from './migrations/1765250000000-add-session-details';
import { AddInvitations1765300000000 } from './migrations/1765300000000-add-invitations';
import { PostgresClient, type PostgresClientConfig } from './postgres-client';
import { CreateUsersAndSessions1764000000000 } from './migrations/1764000000000-create-users-and-sessions';

export interface DatabaseOptions {
  /** A `postgres://` URL. */
  url: string;
  /** Maximum number of connections of the pool; reserved connections come on top. */
  poolSize?: number;
  /** Milliseconds until waiting for a free or new connection fails. */
  connectTimeoutMs?: number;
  /** Milliseconds until the server cancels a statement. */
  statementTimeoutMs?: number;
  /** Number of attempts to connect at the start, 500 ms apart. */
  connectAttempts?: number;
}

export const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 3000;
const IDLE_TIMEOUT_MS = 10_000;
/** Milliseconds by which the timeout of the client exceeds that of the server. */
const GIVE_UP_AFTER_MS = 500;

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/**
 * Options of all connections to Postgres: timeouts, migrations, never `synchronize`.
 * @throws PostgresUrlError
 */
export function dataSourceOptions(options: DatabaseOptions): PostgresOptions {
  return {
    type: 'postgres',
    driver: { ...pg, Pool: ConnectionPool },
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
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
      IndexUsedRefreshTokens1764800000000,
      DropJobRuns1764900000000,
      NameRedisEpochs1765000000000,
      AddLiveEpochs1765100000000,
      AddUserAdministration1765200000000,
      AddSessionDetails1765250000000,
      AddInvitations1765300000000,
    ],
    poolSize: options.poolSize ?? POOL_SIZE,
    extra: clientConfig(options),
  };
}

function clientConfig(options: DatabaseOptions): PostgresClientConfig {
  const address = parsePostgresUrl(options.url);
  const endpoints = new Endpoints(address);
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const { hostCount } = endpoints;
  const hostTimeoutMs = address.connectTimeoutMs ?? Math.ceil(connectTimeoutMs / hostCount);
  return {
    ...(address.user !== undefined && { user: address.user }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.database !== undefined && { database: address.database }),
    application_name: address.applicationName,
    enableChannelBinding: address.channelBinding,
    connectionTimeoutMillis: Math.max(connectTimeoutMs, hostTimeoutMs * hostCount),
    // A server that hangs cancels nothing; the client does.
    query_timeout: statementTimeoutMs + GIVE_UP_AFTER_MS,
    keepAlive: true,
    endpoints,
    primaryOnly: address.primaryOnly,
    hostTimeoutMs,
    settings: { schema: address.schema, statementTimeoutMs, idleTimeoutMs: IDLE_TIMEOUT_MS },
    Client: PostgresClient,
    made: {},
  };
}

/** The configuration of a connection outside the data source's pool. */
export function clientConfigOf(options: DataSourceOptions): PostgresClientConfig {
  if (options.type !== 'postgres') {
    throw new InternalError('the data source must be Postgres');
  }
  return options.extra as PostgresClientConfig;
}
