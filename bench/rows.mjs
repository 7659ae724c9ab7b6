// @ts-check

/**
 * A process that is measured: a server of `bench/servers`, or Latchkey with some settings. Each has the
 * stores that it needs to itself.
 * @typedef {object} Program
 * @property {string} id
 * @property {string} [file] of `bench/servers`; Latchkey, unless told
 * @property {boolean} [needsRedis]
 * @property {boolean} [needsDatabase]
 * @property {boolean} [isOpen] answers without a sign-in
 * @property {NodeJS.ProcessEnv} [settings]
 * @property {string[]} [packages] of the bench, whose versions are recorded
 */

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {string} program
 * @property {string} path
 * @property {boolean} [hasNoBody] answers with headers alone
 */

/**
 * The limits that are raised, so that 64 users can be registered from one address at once.
 * @type {NodeJS.ProcessEnv}
 */
const SEEDING = { REGISTER_LIMIT_PER_ADDRESS: '100000' };

/** @type {readonly Program[]} */
export const PROGRAMS = [
  {
    id: 'floor',
    file: 'fastify-floor.mjs',
    needsRedis: true,
    packages: ['fastify', '@fastify/jwt', 'ioredis'],
  },
  {
    id: 'bare',
    file: 'bare-nest.mjs',
    isOpen: true,
    packages: ['@nestjs/core', '@nestjs/platform-fastify'],
  },
  { id: 'latchkey', needsRedis: true, needsDatabase: true, settings: SEEDING },
  {
    id: 'latchkey-near',
    needsRedis: true,
    needsDatabase: true,
    settings: { ...SEEDING, NEAR_CACHE: 'on' },
  },
];

/** All others are compared with this one. */
export const REFERENCE = 'bare';

const PROFILE = '/api/auth/profile';
const VERIFY = '/api/auth/verify';

/** @type {readonly Row[]} */
export const ROWS = [
  {
    id: 'floor',
    title: 'Fastify, @fastify/jwt, one MGET, by hand',
    program: 'floor',
    path: PROFILE,
  },
  {
    id: 'bare',
    title: 'Nest Fastify, nothing checked',
    program: 'bare',
    path: PROFILE,
  },
  { id: 'profile', title: 'Latchkey, profile', program: 'latchkey', path: PROFILE },
  {
    id: 'verify',
    title: 'Latchkey, verify',
    program: 'latchkey',
    path: VERIFY,
    hasNoBody: true,
  },
  {
    id: 'near-profile',
    title: 'Latchkey, profile, NEAR_CACHE=on',
    program: 'latchkey-near',
    path: PROFILE,
  },
  {
    id: 'near-verify',
    title: 'Latchkey, verify, NEAR_CACHE=on',
    program: 'latchkey-near',
    path: VERIFY,
    hasNoBody: true,
  },
];
