import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { InternalError } from '#libs/common';

/** Replies to AUTH that the driver prints on the console and then ignores. */
const NEEDLESS_PASSWORD = /no password is set|without any password configured for the default user/;

type Auth = (credentials: unknown, callback: (error?: Error | null) => void) => Promise<unknown>;

/**
 * Keeps the driver from printing on the console, and from continuing without a user on a server without users. A reach
 * (decision 0038): the driver has no option for either, and calls its own `auth` when it connects.
 * @param warn called for each password that the server does not ask for.
 */
export function silence(
  redis: Redis,
  warn = warnOnce('REDIS_URL has a password, but Redis asks for none'),
): void {
  redis.on('error', () => undefined);
  const connection = redis as unknown as { auth: Auth };
  const auth = connection.auth.bind(redis);
  connection.auth = (credentials, callback) =>
    auth(credentials, (error) => {
      if (error && NEEDLESS_PASSWORD.test(error.message)) {
        warn();
        callback(null);
      } else if (error?.message.includes("wrong number of arguments for 'auth'")) {
        callback(new InternalError('WRONGPASS Redis 5 or older knows no user names'));
      } else {
        callback(error);
      }
    });
}

/** Logs a warning at its first call. */
export function warnOnce(message: string): () => void {
  let isWarned = false;
  return () => {
    if (!isWarned) {
      new Logger('Redis').warn(message);
    }
    isWarned = true;
  };
}
