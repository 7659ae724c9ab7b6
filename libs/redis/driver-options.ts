import type { RedisOptions as DriverOptions } from 'ioredis';
import type { TlsFiles } from '#libs/common';
import { MasterConnector } from './master-connector';
import { tlsOptions, withServerName } from './tls-options';

const DEFAULT_PORT = 6379;
const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 1000;
const DISCONNECT_TIMEOUT_MS = 100;
const MAX_RECONNECT_DELAY_MS = 250;
/** Milliseconds below which a connection that ended counts as another failed attempt. */
const EARLY_MS = 1000;

/** Redis Sentinels and the credentials at them, which are others than those at Redis. */
export interface SentinelOptions {
  addresses: readonly { host: string; port: number }[];
  /** Of the master. */
  name: string;
  username?: string | undefined;
  password?: string | undefined;
  tls?: boolean;
}

export interface RedisOptions {
  /**
   * `redis://` or `rediss://` URL: host, port, user name, password, the number of a database as the path, and `family`
   * (4 or 6) as the only parameter. Its other parts are ignored.
   */
  url: string;
  /** Sentinels that name the master; the host and port of the URL are then not used. */
  sentinels?: SentinelOptions | undefined;
  /** `host:port` of nodes of a Cluster; the host, port and database of the URL are then not used. */
  clusterNodes?: readonly string[] | undefined;
  /** Of all connections with TLS; read again at each. */
  tlsFiles?: TlsFiles | undefined;
  /** Milliseconds until a command without an answer fails and the connection is closed. */
  commandTimeoutMs?: number;
  /** Milliseconds until a connection attempt counts as failed. */
  connectTimeoutMs?: number;
}

/**
 * Without a server, a command must fail immediately instead of waiting: no offline queue, no silent resend (a resent
 * script might run twice), a timeout for each command. A silent connection is closed, because it may be half-open.
 * Reconnects four times per second, without limit. ServerConnection checks whether the server can be used, without any
 * command that may be forbidden.
 */
export function driverOptions(options: RedisOptions): DriverOptions & { commandTimeout: number } {
  const commandTimeoutMs = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
  const tls = options.tlsFiles ? tlsOptions(options.tlsFiles) : {};
  return {
    ...addressOf(new URL(options.url), tls, !options.sentinels && !options.clusterNodes),
    ...(options.sentinels && sentinelOptions(options.sentinels, commandTimeoutMs, tls)),
    enableReadyCheck: false,
    disableClientInfo: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    // RedisNode gives up a silent connection; its other end may never close it.
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    retryStrategy: reconnectDelays(),
  };
}

/**
 * The only parts of the URL that are used: the driver would take any of its options from the query.
 * @param isServer whether the host is that of the server.
 */
function addressOf(url: URL, tls: TlsOptions, isServer: boolean): DriverOptions {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = url.searchParams.get('family');
  return {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    db: Number(url.pathname.slice(1)),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(family !== null && { family: Number(family) }),
    ...(url.protocol === 'rediss:' && {
      tls: isServer ? withServerName(tls, host) : tls,
      enableTLSForSentinelMode: true,
    }),
  };
}

type TlsOptions = NonNullable<DriverOptions['tls']>;

function sentinelOptions(
  { addresses, name, username, password, tls: isEncrypted = false }: SentinelOptions,
  commandTimeoutMs: number,
  tls: TlsOptions,
): DriverOptions {
  return {
    Connector: MasterConnector,
    sentinels: [...addresses],
    name,
    // The list of the settings is complete: what Sentinels announce may be unreachable from here.
    updateSentinels: false,
    sentinelCommandTimeout: commandTimeoutMs,
    sentinelRetryStrategy: reconnectDelays(),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(isEncrypted && { sentinelTLS: tls }),
  };
}

/** The driver counts attempts anew after each connection, even if the server closes it immediately. */
function reconnectDelays(): (attempt: number) => number {
  let lastMs = -Infinity;
  return (attempt) => {
    const nowMs = performance.now();
    const isEarly = nowMs - lastMs < EARLY_MS;
    lastMs = nowMs;
    return isEarly ? MAX_RECONNECT_DELAY_MS : Math.min(25 * 2 ** attempt, MAX_RECONNECT_DELAY_MS);
  };
}
