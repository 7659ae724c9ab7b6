import { scrypt, timingSafeEqual } from 'node:crypto';
import { MAX_COST, UnusableHashError, type PasswordHash } from './password-hash';
import { countOf, parsePhc } from './phc-string';

/** Node takes N as a number of 32 bits. */
const MAX_LN = 31;

/** `$scrypt$ln=15,r=8,p=1$salt$hash`, RFC 7914: N is 2 to the power of `ln`. @throws UnusableHashError */
export function scryptHash(text: string): PasswordHash {
  const phc = parsePhc(text, { required: ['ln', 'r', 'p'] });
  const [ln, r, p] = [countOf(phc, 'ln'), countOf(phc, 'r'), countOf(phc, 'p')];
  if (ln > MAX_LN) {
    throw new UnusableHashError('has a parameter ln above 31');
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
