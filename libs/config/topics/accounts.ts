import { z } from 'zod';
import { httpUrl, onOff, positiveInteger, wordList } from '../setting-types';

export const ACCOUNTS = {
  registration: z
    .enum(['open', 'invite', 'closed'], 'must be open, invite or closed')
    .prefault('open')
    .meta({
      env: 'REGISTRATION',
      description:
        'Who may register: `open` for all clients, `invite` for those with an invitation of an administrator, `closed` for none. Administrators create accounts in any case. See docs/administration.md.',
    }),
};

export const PASSWORDS = {
  passwordQueueMax: positiveInteger().prefault('64').meta({
    env: 'PASSWORD_QUEUE',
    description:
      'Maximum number of attempts in this process that wait to hash a password. Beyond it, an attempt of the client with the most waiting attempts is answered 503 `overloaded`. See docs/limits.md.',
  }),
  passwordContextWords: wordList()
    .default([])
    .meta({
      env: 'PASSWORD_CONTEXT_WORDS',
      description:
        'Names of your products and your organisation that are refused as passwords, in addition to `latchkey`. docs/passwords.md describes the other rules.',
      examples: ['acme,acme shop'],
      unset: 'no further names',
    }),
  breachedPasswordCheck: onOff().prefault('off').meta({
    env: 'BREACHED_PASSWORD_CHECK',
    description:
      'Whether new passwords are looked up in data breaches: `on` or `off`. Only the first five digits of a hash leave the process.',
  }),
  breachedPasswordUrl: httpUrl().prefault('https://api.pwnedpasswords.com').meta({
    env: 'BREACHED_PASSWORD_URL',
    description: 'Address of the breach service: Have I Been Pwned or a mirror.',
  }),
};

export const RATE_LIMITS = {
  rateLimit: onOff().prefault('on').meta({
    env: 'RATE_LIMIT',
    description:
      'Whether sign-ins, registrations, proofs of a password and refreshes are limited per minute: `on` or `off`. Attempts are counted in Redis for all instances together, and by each instance while Redis is unavailable. See docs/limits.md.',
  }),
  loginLimitPerAccount: positiveInteger().prefault('10').meta({
    env: 'LOGIN_LIMIT_PER_ACCOUNT',
    description:
      'Sign-ins per minute for one account from one address. The wait doubles with each further attempt, up to 15 minutes.',
  }),
  loginLimitPerAddress: positiveInteger().prefault('100').meta({
    env: 'LOGIN_LIMIT_PER_ADDRESS',
    description:
      'Sign-ins per minute from one address, for any account. Of IPv6 a /64 counts as one address; a /56 has twice each limit of an address, a /48 four times.',
  }),
  registerLimitPerAddress: positiveInteger().prefault('20').meta({
    env: 'REGISTER_LIMIT_PER_ADDRESS',
    description: 'New accounts per minute from one address.',
  }),
  refreshLimitPerAddress: positiveInteger().prefault('120').meta({
    env: 'REFRESH_LIMIT_PER_ADDRESS',
    description:
      'Failed refreshes per minute from one address. Successful refreshes do not count: many users may share a gateway.',
  }),
};
