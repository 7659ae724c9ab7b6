import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DependencyUnavailableError } from '#libs/common';
import { loadSettings } from '#libs/config';
import { RedisClient } from '#libs/redis';
import { UserStore } from '#libs/user';
import { CliModule } from './cli.module';
import { UnknownEmailError } from './failure';

const REDIS_DEADLINE_MS = 3000;
const REDIS_POLL_MS = 25;

export interface ApplicationNeeds {
  /** Redis must answer before the work begins: nothing is done by halves. */
  redis: boolean;
}

/**
 * Runs work on the product's services, with its log silent, and lets go of the stores afterwards.
 * @throws SettingsError, DependencyUnavailableError, errors of the Postgres driver, and what `work`
 * throws.
 */
export async function withApplication<T>(
  { redis }: ApplicationNeeds,
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const module = CliModule.forRoot(await loadSettings());
  const app = await NestFactory.createApplicationContext(module, {
    logger: false,
    abortOnError: false,
  });
  try {
    if (redis) {
      await untilReady(app.get(RedisClient));
    }
    return await work(app);
  } finally {
    await app.close();
  }
}

/** @throws UnknownEmailError, DependencyUnavailableError */
export async function userIdOf(app: INestApplicationContext, email: string): Promise<string> {
  const userId = await app.get(UserStore).findIdByEmail(email);
  if (userId === null) {
    throw new UnknownEmailError(email);
  }
  return userId;
}

/** The connection is made in the background, and commands do not wait for it. */
async function untilReady(redis: RedisClient): Promise<void> {
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
