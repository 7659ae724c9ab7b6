import { scrypt, timingSafeEqual } from 'node:crypto';
import { MAX_COST, UnusableHashError, type PasswordHash } from './password-hash';
import { countOf, parsePhc } from './phc-string';

/** Node limits N to a 32-bit number. */
const MAX_LN = 31;
/** RFC 7914 section 2: r × p is below 2³⁰, and N below 2 to the power of 16 × r. */
const MAX_R_TIMES_P = 2 ** 30 - 1;
const LN_PER_R = 16;

/**
 * `$scrypt$ln=15,r=8,p=1$salt$hash`, RFC 7914: N is 2 to the power of `ln`.
 * @throws UnusableHashError
 */
export function scryptHash(text: string): PasswordHash {
  const phc = parsePhc(text, { required: ['ln', 'r', 'p'] });
  const ln = countOf(phc, 'ln', MAX_LN);
  const r = countOf(phc, 'r', MAX_R_TIMES_P);
  const p = countOf(phc, 'p', MAX_R_TIMES_P);
  if (r * p > MAX_R_TIMES_P || ln >= LN_PER_R * r) {
    throw new UnusableHashError(
      'has parameters that scrypt does not allow: r × p, or ln for its r',
    );
  }
  const N = 2 ** ln;
  const blockBytes = 128 * r;
  const isTooMuch = blockBytes * N > MAX_COST.memoryBytes || N * r * p > MAX_COST.scryptBlocks;
  return {
    verify: (password) =>
      new Promise((resolve, reject) => {
        const { salt, hash } = phc;
        const options = { N, r, p, maxmem: blockBytes * (N + p + 2) };
        scrypt(password, salt, hash.length, options, (error, derived) => {
          if (error) {
            reject(error);
          } else {
            resolve(timingSafeEqual(derived, hash));
          }
        });
      }),
    excess: isTooMuch ? 'costs more than ln=17,r=8,p=2 at each sign-in' : null,
  };
}
