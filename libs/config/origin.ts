import { parseUrl } from './parse-url';

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** Schemes of pages that a browser loads from a host. With other schemes the host may have any form. */
const WEB_SCHEMES = ['http', 'https'];
/** Pages of these schemes have no origin of their own: browsers send `null`. */
const WITHOUT_ORIGIN = ['about', 'blob', 'data', 'file', 'filesystem', 'javascript', 'view-source'];
/** Schemes of requests, not of pages. */
const NO_PAGES = ['ftp', 'ws', 'wss'];

/** An invalid entry of a list of origins. The message completes a sentence that begins with the entry. */
export class OriginError extends Error {}

/**
 * Parses an origin as browsers send it in `Origin` (RFC 6454 section 6.1): `https://app.example.com`,
 * `http://[::1]:3000`, `capacitor://localhost`. A Unicode host becomes the Punycode that browsers send. Nothing else is
 * corrected: an entry that no browser sends would never match.
 * @throws OriginError; its message never repeats the entry.
 */
export function parseOrigin(text: string): string {
  const scheme = SCHEME.exec(text)?.[1];
  refuse(text === '', 'is empty');
  refuse(text.includes('*'), 'has a wildcard: list each origin');
  refuse(text.toLowerCase() === 'null', 'is null, which a page of any site can send');
  refuse(scheme === undefined, 'must start with a scheme, like https://');
  refuse(scheme !== scheme?.toLowerCase(), 'must have its scheme in lower case');
  refuse(
    WITHOUT_ORIGIN.includes(scheme ?? ''),
    'has a scheme whose pages send no origin of their own',
  );
  refuse(NO_PAGES.includes(scheme ?? ''), 'must have the scheme of a page, like https://');
  const rest = text.slice(`${scheme ?? ''}://`.length);
  refuse(/[\s\p{Cc}"'<>\\^`{|}]/u.test(rest), 'has a character that no origin has');
  refuse(rest.endsWith('/'), 'must not end in a slash');
  refuse(/[/?#]/.test(rest), 'must end after the host or the port');
  refuse(rest.includes('@'), 'must not have a user name or a password');
  return WEB_SCHEMES.includes(scheme ?? '') ? webOrigin(text, rest) : appOrigin(text);
}

function webOrigin(text: string, rest: string): string {
  refuse(rest.endsWith(':'), 'has a colon without a port');
  const url = parseUrl(text);
  if (!url) {
    throw new OriginError('must have a valid host and port');
  }
  const { origin, host, port } = url;
  const [, portText] = /:(\d+)$/.exec(rest) ?? [];
  refuse(portText !== undefined && port === '', 'must not name the default port of its scheme');
  refuse(rest !== rest.toLowerCase(), 'must have its host in lower case');
  // Unicode becomes Punycode. Any other difference is a form that browsers do not send.
  const isAscii = /^[\x21-\x7e]+$/.test(rest);
  refuse(isAscii && rest !== host, 'must have its host and port as browsers write them');
  return origin;
}

/** For browser extensions and apps: browsers send the host as it is. */
function appOrigin(text: string): string {
  refuse(
    !/^[^:]+:\/\/(\[[\da-f:.]+\]|[\w.~-]+)(:\d{1,5})?$/i.test(text),
    'must have a host, and a port or none',
  );
  return text;
}

function refuse(isWrong: boolean, message: string): void {
  if (isWrong) {
    throw new OriginError(message);
  }
}
