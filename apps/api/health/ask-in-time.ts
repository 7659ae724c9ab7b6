import { Logger } from '@nestjs/common';
import type { HealthIndicatorService } from '@nestjs/terminus';
import { DependencyUnavailableError, ThrottledLog } from '#libs/common';
import { serializeError } from '#libs/log';

const logger = new Logger('Health');
const errors = new ThrottledLog((line, message) => logger.error(line, message));

/**
 * Resolves with what `ask` found out, or with null when that failed or took longer than it may. Never
 * rejects, and neither does what comes too late.
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

/** Null for what could not be found out; logs why, unless a store is just away. Never rejects. */
export async function orNull<Value>(found: Promise<Value>): Promise<Value | null> {
  try {
    return await found;
  } catch (error) {
    if (!(error instanceof DependencyUnavailableError)) {
      errors.write({ err: serializeError(error) }, 'a part of the health could not be found out');
    }
    return null;
  }
}
