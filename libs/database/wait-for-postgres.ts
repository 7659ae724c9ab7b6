import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InternalError } from '#libs/common';
import { connectionFailure } from './database-errors';
import { dataSourceOptions } from './data-source-options';
import { hasPendingMigrations } from './migrate';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

/**
 * Waits until Postgres answers and has the tables of this program. Tries immediately, then after pauses that double up
 * to 5 s. Logs each pause and its reason.
 * @param timeoutMs milliseconds after which no further attempt is made
 * @throws InternalError with one sentence at the timeout, or if tables are missing
 */
export async function waitForPostgres(url: string, timeoutMs: number): Promise<void> {
  const logger = new Logger('Postgres');
  const deadlineMs = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const failure = await tryOnce(url);
    if (failure === undefined) {
      return;
    }
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) {
      throw new InternalError(
        `Postgres could not be reached within ${timeoutMs / 1000} s: ${failure}.`,
      );
    }
    const nextMs = Math.min(pauseMs, leftMs);
    const seconds = Math.ceil(nextMs / 100) / 10;
    logger.warn(`waiting for Postgres: ${failure}; next attempt in ${seconds} s`);
    await pause(nextMs);
  }
}

/** @returns why Postgres could not be reached; undefined if it is ready for this program */
async function tryOnce(url: string): Promise<string | undefined> {
  const dataSource = new DataSource(dataSourceOptions({ url, poolSize: 1 }));
  try {
    await dataSource.initialize();
    if (await hasPendingMigrations(dataSource)) {
      throw new InternalError('The tables are outdated: run latchkey migrate.');
    }
    return undefined;
  } catch (error) {
    const failure = connectionFailure(error);
    if (failure === undefined) {
      throw error;
    }
    return failure;
  } finally {
    if (dataSource.isInitialized) {
      await dataSource.destroy();
    }
  }
}
