import { rmSync } from 'node:fs';
import { refuseSecretsInLogs } from './log-scan';
import { logFolder } from './run-logs';
import { sharedStores } from './shared-stores';

/** Fails the run when a log of it contains a secret. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.latchkeyTestPostgres?.stop();
  try {
    await refuseSecretsInLogs(logFolder());
  } finally {
    rmSync(sharedStores().folder, { recursive: true, force: true });
  }
}
