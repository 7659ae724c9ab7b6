import { compare } from 'bcrypt';
import { MAX_COST, UnusableHashError, type PasswordHash } from './password-hash';

/** Version, cost from 4 to 31, 16 bytes of salt and 23 of hash; their last characters have unused bits. */
const FORM =
  /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/**
 * `$2a$`, `$2b$` or `$2y$`: equivalent for correct implementations; the library supports `$2b$` best. Bcrypt reads only
 * the first 72 bytes of a password: longer ones match by those, as in the system of origin, until the next sign-in
 * replaces the hash by one of the whole password.
 * @throws UnusableHashError
 */
export function bcryptHash(text: string): PasswordHash {
  const cost = FORM.exec(text)?.[1];
  if (cost === undefined) {
    throw new UnusableHashError('is not a bcrypt hash');
  }
  return {
    verify: (password) => compare(password, text.replace(/^\$2[ay]/, '$2b')),
    excess:
      Number(cost) > MAX_COST.bcryptCost
        ? 'costs more than bcrypt of cost 14 at each sign-in'
        : null,
  };
}
