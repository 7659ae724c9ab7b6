import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DependencyUnavailableError } from '#libs/common';
import { loadSettings } from '#libs/config';
import { RedisClient } from '#libs/redis';
import { emailProblem, UserStore } from '#libs/user';
import { CliModule } from './cli.module';
import { InvalidEmailError, UnknownEmailError } from './failure';

const REDIS_DEADLINE_MS = 3000;
const REDIS_POLL_MS = 25;

/**
 * Runs work on the product's services, with its log silent, and lets go of the stores afterwards.
 * @throws SettingsError, DependencyUnavailableError, errors of the Postgres driver, and what `work`
 * throws.
 */
export async function withApplication<T>(
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const module = CliModule.forRoot(await loadSettings());
  const app = await NestFactory.createApplicationContext(module, {
    logger: false,
    abortOnError: false,
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/**
 * As `withApplication`, for the account of an e-mail address.
 * @throws InvalidEmailError, before any store is tried; UnknownEmailError.
 */
export async function withAccount<T>(
  email: string,
  work: (app: INestApplicationContext, userId: string) => Promise<T>,
): Promise<T> {
  const problem = emailProblem(email.trim());
  if (problem !== null) {
    throw new InvalidEmailError(problem);
  }
  return withApplication(async (app) => {
    const userId = await app.get(UserStore).findIdByEmail(email);
    if (userId === null) {
      throw new UnknownEmailError(email);
    }
    return work(app, userId);
  });
}

/**
 * For what only Redis knows: its connection is made in the background, and commands do not wait for it.
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
