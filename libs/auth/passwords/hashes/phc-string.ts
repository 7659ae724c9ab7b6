import { deserialize, serialize } from '@phc/format';
import { UnusableHashError } from './password-hash';

/** A parsed hash in PHC string form. */
export interface PhcString {
  id: string;
  version: number | undefined;
  params: Readonly<Record<string, string | number>>;
  salt: Buffer;
  hash: Buffer;
}

/** An empty hash would match every password, a short one many. */
const HASH_BYTES = { min: 16, max: 64 };
const SALT_BYTES = { min: 8, max: 64 };

/**
 * Parses `$id[$v=version]$name=value,…$salt$hash`, https://github.com/P-H-C/phc-string-format. Accepts only the
 * canonical spelling: a text that is not serialized to the same text is refused, such as base64 of another alphabet.
 * @param names of the parameters: all of `required`, and no others than those of both lists.
 * @throws UnusableHashError
 */
export function parsePhc(
  text: string,
  names: { required: readonly string[]; optional?: readonly string[] },
): PhcString {
  const { id, version, params = {}, salt, hash } = canonical(text);
  const { required, optional = [] } = names;
  const given = Object.keys(params);
  if (!required.every((name) => given.includes(name))) {
    throw new UnusableHashError(`lacks one of the parameters ${required.join(', ')}`);
  }
  if (!given.every((name) => [...required, ...optional].includes(name))) {
    throw new UnusableHashError('has unknown parameters');
  }
  if (!isWithin(salt, SALT_BYTES) || !isWithin(hash, HASH_BYTES)) {
    throw new UnusableHashError('needs a salt of 8 to 64 bytes and a hash of 16 to 64 bytes');
  }
  return { id, version, params, salt, hash };
}

/** @throws UnusableHashError unless it is an integer from 1 to `max`. */
export function countOf({ params }: PhcString, name: string, max: number): number {
  const value = params[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > max) {
    throw new UnusableHashError(`has a parameter ${name} that is no integer from 1 to ${max}`);
  }
  return value;
}

function canonical(text: string): ReturnType<typeof deserialize> {
  try {
    const parsed = deserialize(text);
    const written = serialize({ ...parsed, params: { ...parsed.params } });
    if (written === text) {
      return parsed;
    }
  } catch {
    // The message of the library quotes parts of the hash.
  }
  throw new UnusableHashError('is not a PHC string in canonical spelling');
}

function isWithin(
  bytes: Buffer | undefined,
  { min, max }: { min: number; max: number },
): bytes is Buffer {
  return bytes !== undefined && bytes.length >= min && bytes.length <= max;
}
