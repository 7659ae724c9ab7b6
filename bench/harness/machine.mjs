// @ts-check
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { findPostgres } from '../../tools/local/postgres-program.mjs';
import { findRedis } from '../../tools/local/redis-program.mjs';
import { run } from '../../tools/local/run.mjs';
import { versionOf } from './packages.mjs';

const VERSION_DEADLINE_MS = 10_000;
const GIB = 1024 ** 3;
/** The packages that affect the speed of a row. */
const PACKAGES = [
  '@nestjs/core',
  'fastify',
  '@fastify/jwt',
  'express',
  'jsonwebtoken',
  'passport-jwt',
  'better-auth',
  'express-session',
  'connect-redis',
  'ioredis',
  'redis',
  'argon2',
  'bcrypt',
  'autocannon',
];

/**
 * The environment of a run.
 * @typedef {object} Circumstances
 * @property {string} date UTC, to the day
 * @property {string} processor
 * @property {number} cores
 * @property {number} memoryGib
 * @property {string} system
 * @property {Record<string, string>} versions of programs that are no packages
 * @property {Record<string, string>} packages of the bench
 */

/**
 * @param {import('../../tools/local/preparation.mjs').StepContext} context
 * @returns {Promise<Circumstances>}
 */
export async function describeCircumstances(context) {
  const processors = cpus();
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGib: Math.round(totalmem() / GIB),
    system: `${type()} ${release()}`,
    versions: { Latchkey: version, Node: process.versions.node, ...(await storeVersions(context)) },
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

/**
 * @param {import('../../tools/local/preparation.mjs').StepContext} context
 * @returns {Promise<Record<string, string>>}
 */
async function storeVersions(context) {
  const redis = await findRedis(context);
  const redisVersion = redis.kind === 'program' ? redis.version : redis.image;
  const { postgres } = findPostgres();
  const { output } = await run(postgres, ['--version'], { deadlineMs: VERSION_DEADLINE_MS });
  const [product = 'Redis', version = redisVersion] = redisVersion.split(' ');
  return { [product]: version, Postgres: output.trim().split(' ').at(-1) ?? 'unknown' };
}
