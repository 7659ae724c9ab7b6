// @ts-check
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivately } from './files.mjs';
import { DATA_DIR } from './paths.mjs';

const FILE = join(DATA_DIR, 'running.env');
/** With all settings of Redis: the URL alone does not lead to Sentinels or to a Cluster. */
const SHARED = /^(DATABASE_URL|JWT_SECRET|JWT_KEYS_DIR|REDIS_\w+)$/;

/**
 * Writes the addresses of the stores for the command line, to a file that only its owner can read and that exists while
 * they run: their ports change with each start.
 * @param {NodeJS.ProcessEnv} env
 */
export function announceSettings(env) {
  const lines = Object.entries(env)
    .filter(([name, value]) => value && SHARED.test(name))
    .map(([name, value]) => `${name}='${value}'\n`);
  writePrivately(FILE, lines.join(''));
}

export function withdrawSettings() {
  rmSync(FILE, { force: true });
}
