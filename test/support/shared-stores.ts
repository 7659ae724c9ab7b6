import type { startPostgres } from '../../tools/local/postgres.mjs';
import type { RedisProgram } from '../../tools/local/redis-program.mjs';

declare global {
  /** Lives in the process that runs setup and teardown; workers get the address only. */
  var latchkeyTestPostgres: Awaited<ReturnType<typeof startPostgres>> | undefined;
}

export const TEMPLATE_DATABASE = 'latchkey_template';

interface SharedStores {
  /** Throw-away folder of this run. */
  folder: string;
  postgresUrl: string;
  redis: RedisProgram;
}

const VARIABLE = 'LATCHKEY_TEST_STORES';

/** Passes the addresses of the stores to the workers, which inherit the environment. */
export function handOver(stores: SharedStores): void {
  process.env[VARIABLE] = JSON.stringify(stores);
}

export function sharedStores(): SharedStores {
  return JSON.parse(process.env[VARIABLE] ?? '{}') as SharedStores;
}
