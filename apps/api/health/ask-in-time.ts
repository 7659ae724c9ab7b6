import { Logger } from '@nestjs/common';
import type { HealthIndicatorService } from '@nestjs/terminus';
import { DependencyUnavailableError, ThrottledLog } from '#libs/common';
import { serializeError } from '#libs/log';

const logger = new Logger('Health');
const errors = new ThrottledLog((line, message) => logger.error(line, message));

/**
 * Resolves with the result of `ask`, or with null if it fails or takes longer than `timeoutMs`. Never rejects; a late
 * error is dropped.
 */
export async function askInTime<Value>(
  indicators: HealthIndicatorService,
  ask: () => Promise<Value>,
  timeoutMs: number,
): Promise<Value | null> {
  let found: Value | null = null;
  const { store } = await indicators
    .check('store')
    .attempt(async () => {
      found = await orNull(ask());
    })
    .withTimeout(timeoutMs);
  return store.status === 'up' ? found : null;
}

/** Null if the promise rejects. Logs the error, unless a store is unavailable. Never rejects. */
export async function orNull<Value>(found: Promise<Value>): Promise<Value | null> {
  try {
    return await found;
  } catch (error) {
    if (!(error instanceof DependencyUnavailableError)) {
      errors.write({ err: serializeError(error) }, 'a health check failed');
    }
    return null;
  }
}
