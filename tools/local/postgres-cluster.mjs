// @ts-check
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { Failure } from './failure.mjs';
import { giveTo } from './postgres-user.mjs';
import { run } from './run.mjs';

const INITDB_DEADLINE_MS = 120_000;
const SINGLE_DEADLINE_MS = 60_000;

/** Independent of the machine's locale and time zone. */
export const POSTGRES_ENV = { LC_ALL: 'C', TZ: 'UTC' };

/**
 * @typedef {object} Cluster
 * @property {import('./postgres-program.mjs').PostgresProgram} program
 * @property {import('./postgres-user.mjs').PostgresUser} owner
 * @property {string} dataDir
 * @property {string} user the superuser
 * @property {string} password
 * @property {string} database
 * @property {AbortSignal | undefined} [signal]
 */

/**
 * Creates the data directory with its user and its database, atomically.
 * @param {Cluster} cluster
 */
export async function createCluster(cluster) {
  const { dataDir, owner, password } = cluster;
  const workDir = join(dirname(dataDir), `.${basename(dataDir)}.new`);
  const passwordFile = join(workDir, 'password');
  const unfinished = join(workDir, 'data');
  rmSync(workDir, { recursive: true, force: true });
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    giveTo(workDir, owner);
    await initdb(cluster, unfinished, passwordFile);
    await runSingle(cluster, unfinished, `CREATE DATABASE "${cluster.database}"`);
    renameSync(unfinished, dataDir);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

/**
 * Sets the password of a cluster that is not running.
 * @param {Cluster} cluster
 */
export async function setPassword(cluster) {
  const { dataDir, user, password } = cluster;
  await runSingle(cluster, dataDir, `ALTER ROLE "${user}" PASSWORD '${password}'`);
}

/** @param {string} dataDir */
export function clusterExists(dataDir) {
  return existsSync(join(dataDir, 'PG_VERSION'));
}

/**
 * @param {Cluster} cluster
 * @param {string} dataDir
 * @param {string} passwordFile
 */
async function initdb({ program, owner, user, signal }, dataDir, passwordFile) {
  const access = [`--username=${user}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const text = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin'];
  const args = ['-D', dataDir, ...access, ...text, '--builtin-locale=C.UTF-8'];
  const { ok, output } = await run(program.initdb, [...args, '--no-instructions'], {
    ...owner,
    cwd: sep,
    env: POSTGRES_ENV,
    deadlineMs: INITDB_DEADLINE_MS,
    signal,
  });
  if (!ok) {
    throw new Failure('initdb could not make the database files.', output);
  }
}

/**
 * Runs one statement in Postgres' single-user mode, which needs neither a connection nor a client.
 * @param {Cluster} cluster
 * @param {string} dataDir
 * @param {string} statement
 */
async function runSingle({ program, owner, signal }, dataDir, statement) {
  const { ok, output } = await run(program.postgres, ['--single', '-D', dataDir, 'postgres'], {
    ...owner,
    cwd: sep,
    env: POSTGRES_ENV,
    input: `${statement}\n`,
    deadlineMs: SINGLE_DEADLINE_MS,
    signal,
  });
  // The exit code does not reveal a failed statement.
  if (!ok || /(ERROR|FATAL|PANIC):/.test(output)) {
    throw new Failure('Postgres could not prepare the database.', output);
  }
}
