import type { Redis, RedisOptions as DriverOptions } from 'ioredis';
import { Logger } from '@nestjs/common';
import { InternalError } from '#libs/common';

const DEFAULT_PORT = 6379;
const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 1000;
const DISCONNECT_TIMEOUT_MS = 100;
const MAX_RECONNECT_DELAY_MS = 250;
/** Milliseconds below which a connection that ended counts as another failed attempt. */
const EARLY_MS = 1000;

export interface RedisOptions {
  /**
   * `redis://` or `rediss://` URL: host, port, user name, password, the number of a database as the path, and `family`
   * (4 or 6) as the only parameter. Its other parts are ignored.
   */
  url: string;
  /** `host:port` of nodes of a Cluster; the host, port and database of the URL are then not used. */
  clusterNodes?: readonly string[] | undefined;
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
  return {
    ...addressOf(new URL(options.url)),
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

/** The only parts of the URL that are used: the driver would take any of its options from the query. */
function addressOf(url: URL): DriverOptions {
  const family = url.searchParams.get('family');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    db: Number(url.pathname.slice(1)),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(family !== null && { family: Number(family) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
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

/** Replies to AUTH that the driver prints on the console and then ignores. */
const NEEDLESS_PASSWORD = /no password is set|without any password configured for the default user/;

type Auth = (credentials: unknown, callback: (error?: Error | null) => void) => Promise<unknown>;

/**
 * Keeps the driver from printing on the console, and from continuing without a user on a server without users. A reach
 * (decision 0038): the driver has no option for either, and calls its own `auth` when it connects.
 */
export function silence(redis: Redis): void {
  redis.on('error', () => undefined);
  let isWarned = false;
  const connection = redis as unknown as { auth: Auth };
  const auth = connection.auth.bind(redis);
  connection.auth = (credentials, callback) =>
    auth(credentials, (error) => {
      if (error && NEEDLESS_PASSWORD.test(error.message)) {
        if (!isWarned) {
          new Logger('Redis').warn('REDIS_URL has a password, but Redis asks for none');
        }
        isWarned = true;
        callback(null);
      } else if (error?.message.includes("wrong number of arguments for 'auth'")) {
        callback(new InternalError('WRONGPASS Redis 5 or older knows no user names'));
      } else {
        callback(error);
      }
    });
}
