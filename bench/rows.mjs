// @ts-check

/**
 * A measured process: a server of `bench/servers`, or Latchkey with some settings. Each has its own stores.
 * @typedef {object} Program
 * @property {string} id
 * @property {string} [file] of `bench/servers`; Latchkey by default
 * @property {boolean} [needsRedis]
 * @property {boolean} [needsDatabase]
 * @property {boolean} [isOpen] answers without a sign-in
 * @property {NodeJS.ProcessEnv} [settings]
 */

/**
 * A request that is sent repeatedly to one program.
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {string} program
 * @property {string} path
 * @property {boolean} [hasNoBody] answers with headers alone
 */

/** Allows the bench to register all users from one address at once. @type {NodeJS.ProcessEnv} */
const SEEDING = { REGISTER_LIMIT_PER_ADDRESS: '1000000' };

/** Allows sign-ins as fast as passwords are verified. @type {NodeJS.ProcessEnv} */
const SIGNING_IN = {
  LOGIN_LIMIT_PER_ACCOUNT: '1000000',
  LOGIN_LIMIT_PER_ADDRESS: '1000000',
};

const STORES = { needsRedis: true, needsDatabase: true };

/** @type {readonly Program[]} */
const PROGRAMS = [
  { id: 'document', file: 'document.mjs', needsRedis: true },
  { id: 'better-auth', file: 'better-auth.mjs', ...STORES },
  { id: 'express-session', file: 'express-session.mjs', needsRedis: true },
  { id: 'nest-express', file: 'nest-express.mjs', needsRedis: true },
  { id: 'nest-fastify', file: 'nest-fastify.mjs', needsRedis: true },
  { id: 'floor', file: 'fastify-floor.mjs', needsRedis: true },
  { id: 'bare', file: 'bare-nest.mjs', isOpen: true },
  { id: 'latchkey', ...STORES, settings: SEEDING },
  { id: 'latchkey-near', ...STORES, settings: { ...SEEDING, NEAR_CACHE: 'on' } },
  { id: 'latchkey-logins', ...STORES, settings: { ...SEEDING, ...SIGNING_IN } },
  { id: 'argon2-login', file: 'argon2-login.mjs', isOpen: true },
  { id: 'bcrypt-login', file: 'bcrypt-login.mjs', isOpen: true },
];

const PROFILE = '/api/auth/profile';
const VERIFY = '/api/auth/verify';
const LOGIN = '/api/auth/login';

/** All other requests are compared with this one. */
export const REFERENCE = 'bare';

/** @type {readonly Row[]} */
export const ROWS = [
  { id: 'document', title: 'The document as written', program: 'document', path: PROFILE },
  { id: 'better-auth', title: 'better-auth', program: 'better-auth', path: PROFILE },
  {
    id: 'express-session',
    title: 'express-session, connect-redis',
    program: 'express-session',
    path: PROFILE,
  },
  {
    id: 'nest-express',
    title: 'Nest Express, passport-jwt',
    program: 'nest-express',
    path: PROFILE,
  },
  {
    id: 'nest-fastify',
    title: 'Nest Fastify, passport-jwt, KeyObject',
    program: 'nest-fastify',
    path: PROFILE,
  },
  { id: 'floor', title: 'Fastify, one MGET, by hand', program: 'floor', path: PROFILE },
  { id: 'bare', title: 'Bare Nest Fastify route', program: 'bare', path: PROFILE },
  { id: 'profile', title: 'Latchkey, profile', program: 'latchkey', path: PROFILE },
  { id: 'verify', title: 'Latchkey, verify', program: 'latchkey', path: VERIFY, hasNoBody: true },
  {
    id: 'near-profile',
    title: 'Latchkey, profile, near cache',
    program: 'latchkey-near',
    path: PROFILE,
  },
  {
    id: 'near-verify',
    title: 'Latchkey, verify, near cache',
    program: 'latchkey-near',
    path: VERIFY,
    hasNoBody: true,
  },
];

/** All other sign-ins are compared with this one. */
export const LOGIN_REFERENCE = 'argon2-login';

/** @type {readonly Row[]} */
export const LOGIN_ROWS = [
  { id: 'argon2-login', title: 'Bare argon2id', program: 'argon2-login', path: LOGIN },
  { id: 'latchkey-login', title: 'Latchkey', program: 'latchkey-logins', path: LOGIN },
  { id: 'bcrypt-login', title: 'Bare bcrypt', program: 'bcrypt-login', path: LOGIN },
  {
    id: 'better-auth-login',
    title: 'better-auth',
    program: 'better-auth',
    path: '/api/auth/sign-in/email',
  },
];

/** @param {string} id @returns {Program} */
export function programOf(id) {
  const program = PROGRAMS.find((one) => one.id === id);
  if (program === undefined) {
    throw new Error(`Unknown program: ${id}.`);
  }
  return program;
}
