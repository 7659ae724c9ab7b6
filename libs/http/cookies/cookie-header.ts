import { AmbiguousCookieError } from './cookie.errors';

/**
 * The value of a cookie in the header `Cookie` (RFC 6265 section 5.4), unchanged; undefined where none has the name.
 *
 * Only spaces and tabs before a name are removed. Another character belongs to the name, also one that `String.trim`
 * removes: a browser does not apply the rules of the prefix `__Host-` to such a name.
 * @throws AmbiguousCookieError where two have the name: the browser does not say who has set which.
 */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  let found: string | undefined;
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).replace(/^[ \t]+/, '') !== name) {
      continue;
    }
    if (found !== undefined) {
      throw new AmbiguousCookieError();
    }
    found = pair.slice(equals + 1);
  }
  return found;
}
