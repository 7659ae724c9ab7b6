import { pbkdf2, timingSafeEqual } from 'node:crypto';
import { MAX_COST, UnusableHashError, type PasswordHash } from './password-hash';
import { countOf, parsePhc } from './phc-string';

/** Node limits the iterations to a signed 32-bit number. */
const MAX_ITERATIONS = 2 ** 31 - 1;

const DIGESTS: Record<string, { name: string; bytes: number }> = {
  'pbkdf2-sha256': { name: 'sha256', bytes: 32 },
  'pbkdf2-sha512': { name: 'sha512', bytes: 64 },
};

/**
 * `$pbkdf2-sha256$i=600000$salt$hash`, or sha512, RFC 8018; `l`, the length of the hash, is optional. Also passlib's
 * form: `$pbkdf2-sha256$600000$salt$hash`, with `.` for `+`.
 * @throws UnusableHashError
 */
export function pbkdf2Hash(text: string): PasswordHash {
  const phc = parsePhc(fromPasslib(text), { required: ['i'], optional: ['l'] });
  const { id, params, salt, hash } = phc;
  const iterations = countOf(phc, 'i', MAX_ITERATIONS);
  const digest = DIGESTS[id];
  if (!digest) {
    throw new UnusableHashError('has an unknown digest');
  }
  // Each block beyond the first costs as much as the whole check.
  if (hash.length > digest.bytes || (params.l !== undefined && params.l !== hash.length)) {
    throw new UnusableHashError('has a hash of the wrong length');
  }
  return {
    verify: (password) =>
      new Promise((resolve, reject) => {
        pbkdf2(password, salt, iterations, hash.length, digest.name, (error, derived) => {
          if (error) {
            reject(error);
          } else {
            resolve(timingSafeEqual(derived, hash));
          }
        });
      }),
    excess:
      iterations > MAX_COST.pbkdf2Iterations
        ? 'costs more than 2000000 iterations at each sign-in'
        : null,
  };
}

function fromPasslib(text: string): string {
  return text.replace(
    /^(\$pbkdf2-sha\d+\$)(\d+)(\$.*)$/s,
    (_, id: string, iterations: string, rest: string) =>
      `${id}i=${iterations}${rest.replaceAll('.', '+')}`,
  );
}
