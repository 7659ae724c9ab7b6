// @ts-check
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivately } from './files.mjs';
import { DATA_DIR } from './paths.mjs';

const FILE = join(DATA_DIR, 'running.env');
const SHARED = ['DATABASE_URL', 'REDIS_URL', 'JWT_SECRET', 'JWT_KEYS_DIR'];

/**
 * Writes the addresses of the stores for the command line, to a file that only its owner can read and that exists while
 * they run: their ports change with each start.
 * @param {NodeJS.ProcessEnv} env
 */
export function announceSettings(env) {
  const lines = SHARED.filter((name) => env[name]).map((name) => `${name}='${env[name]}'\n`);
  writePrivately(FILE, lines.join(''));
}

export function withdrawSettings() {
  rmSync(FILE, { force: true });
}
