import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import { MAX_COST, UnusableHashError, type PasswordHash } from './password-hash';
import { countOf, parsePhc } from './phc-string';

export interface Argon2Parameters {
  memoryCost: number;
  timeCost: number;
  parallelism: number;
}

/** Version 1.3 of 2015; 16 stands for 1.0. */
const VERSION = 19;
const VERSIONS = [16, VERSION, undefined];
/** RFC 9106 section 3.1. */
const MAX = { m: 2 ** 32 - 1, t: 2 ** 32 - 1, p: 2 ** 24 - 1 };
const MIN_MEMORY_PER_LANE = 8;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/**
 * `$argon2id$` or `$argon2i$`, RFC 9106.
 * @throws UnusableHashError
 */
export function argon2Hash(text: string): PasswordHash {
  const { version, memoryCost, timeCost, parallelism } = parse(text);
  if (!VERSIONS.includes(version)) {
    throw new UnusableHashError('has an unknown version of Argon2');
  }
  const bytes = memoryCost * 1024;
  const isTooMuch =
    bytes > MAX_COST.memoryBytes ||
    bytes * timeCost > MAX_COST.argon2Bytes ||
    parallelism > MAX_COST.argon2Parallelism;
  return {
    verify: (password) => argon2.verify(text, password),
    excess: isTooMuch
      ? 'costs more than m=131072 (KiB), m × t = 524288, or p=16 at each sign-in'
      : null,
  };
}

/** A decoy that matches no password and takes the work of a hash with these parameters. */
export function argon2Decoy({ memoryCost, timeCost, parallelism }: Argon2Parameters): PasswordHash {
  const cost = `m=${memoryCost},t=${timeCost},p=${parallelism}`;
  const salt = unpadded(randomBytes(SALT_BYTES));
  const hash = unpadded(randomBytes(HASH_BYTES));
  return argon2Hash(`$argon2id$v=${VERSION}$${cost}$${salt}$${hash}`);
}

/** In base64, as in PHC strings. */
function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

/** Whether the parameters are today's. */
export function isArgon2idOf(text: string, parameters: Argon2Parameters): boolean {
  try {
    const { id, version, salt, hash, ...made } = parse(text);
    return (
      id === 'argon2id' &&
      version === VERSION &&
      made.memoryCost === parameters.memoryCost &&
      made.timeCost === parameters.timeCost &&
      made.parallelism === parameters.parallelism &&
      salt.length >= SALT_BYTES &&
      hash.length >= HASH_BYTES
    );
  } catch {
    return false;
  }
}

function parse(text: string) {
  const phc = parsePhc(text, { required: ['m', 't', 'p'] });
  const { id, version, salt, hash } = phc;
  const memoryCost = countOf(phc, 'm', MAX.m);
  const timeCost = countOf(phc, 't', MAX.t);
  const parallelism = countOf(phc, 'p', MAX.p);
  if (memoryCost < MIN_MEMORY_PER_LANE * parallelism) {
    throw new UnusableHashError('has a parameter m below 8 × p, which Argon2 does not allow');
  }
  return { id, version, salt, hash, memoryCost, timeCost, parallelism };
}
