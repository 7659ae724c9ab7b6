import { setTimeout as pause } from 'node:timers/promises';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DependencyUnavailableError } from '#libs/common';
import { loadCommandSettings, loadRedisSettings } from '#libs/config';
import { parseId } from '#libs/http';
import { RedisClient } from '#libs/redis';
import { emailProblem, UserStore } from '#libs/user';
import { CliModule, RedisCliModule } from './cli.module';
import { noteEndpoint, noteRedis } from './endpoints';
import { InvalidEmailError, UnknownEmailError } from './failure';

const REDIS_DEADLINE_MS = 3000;
const REDIS_POLL_MS = 25;

/**
 * Runs work on the services of the product, with a silent log, and closes the stores afterwards. Needs the settings of
 * both stores and none of the signing keys.
 * @throws SettingsError, DependencyUnavailableError, errors of the Postgres driver, and what `work` throws.
 */
export async function withApplication<T>(
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const settings = loadCommandSettings();
  noteEndpoint('postgres', settings.databaseUrl);
  noteRedis(settings.redis);
  return run(CliModule.forRoot(settings), work);
}

/** As `withApplication`, for data in Redis alone: needs only the settings of Redis. */
export async function withRedis<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const redis = loadRedisSettings();
  noteRedis(redis);
  return run(RedisCliModule.forRoot(redis), async (app) => {
    await untilRedisAnswers(app);
    return work(app);
  });
}

async function run<T>(
  module: DynamicModule,
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const app = await NestFactory.createApplicationContext(module, {
    logger: false,
    abortOnError: false,
  });
  try {
    return await work(app);
  } catch (error) {
    throw withFirstCause(error, app.get(RedisClient).connectionFailure);
  } finally {
    await app.close();
  }
}

/** While Redis is unavailable, the circuit breaker refuses a command without naming the cause. */
function withFirstCause(error: unknown, failure: Error | undefined): unknown {
  return failure && error instanceof DependencyUnavailableError && error.dependency === 'redis'
    ? new DependencyUnavailableError('redis', { cause: failure })
    : error;
}

/**
 * As `withApplication`, for the account of an e-mail address.
 * @throws InvalidEmailError, before any store is tried; UnknownEmailError.
 */
export async function withAccount<T>(
  email: string,
  work: (app: INestApplicationContext, userId: string) => Promise<T>,
): Promise<T> {
  checkEmail(email);
  return withApplication(async (app) => {
    const userId = await app.get(UserStore).findIdByEmail(email);
    if (userId === null) {
      throw new UnknownEmailError(email);
    }
    return work(app, userId);
  });
}

/**
 * As `withAccount`, for an e-mail address or the id of an account, which need not exist.
 * @throws InvalidEmailError, before any store is tried; UnknownEmailError.
 */
export async function withUser<T>(
  user: string,
  work: (app: INestApplicationContext, userId: string) => Promise<T>,
): Promise<T> {
  const id = parseId(user);
  return id === null ? withAccount(user, work) : withApplication((app) => work(app, id));
}

/** @throws InvalidEmailError */
export function checkEmail(email: string): void {
  const problem = emailProblem(email.trim());
  if (problem !== null) {
    throw new InvalidEmailError(problem);
  }
}

/**
 * Waits for Redis. The connection is made in the background, and commands do not wait for it.
 * @throws DependencyUnavailableError
 */
export async function untilRedisAnswers(app: INestApplicationContext): Promise<void> {
  const redis = app.get(RedisClient);
  const deadlineMs = performance.now() + REDIS_DEADLINE_MS;
  for (;;) {
    try {
      await redis.ping();
      return;
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError) || performance.now() > deadlineMs) {
        throw error;
      }
      await pause(REDIS_POLL_MS);
    }
  }
}
