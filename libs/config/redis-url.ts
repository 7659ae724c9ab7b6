import { z } from 'zod';
import { parseUrl } from './parse-url';

const SCHEMES = ['redis://', 'rediss://'];
const FORM = `must be a URL that starts with ${SCHEMES.join(' or ')}`;
const HOST = /^(\[[0-9a-f:.]+\]|[\w.-]+)$/i;
const PATH = /^\/?$|^\/\d{1,5}$/;
const FAMILIES = ['4', '6'];
/** The authority of a URL that ends in a port. */
const WITH_PORT = /^rediss?:\/\/[^/?#]*:(\d+)([/?#]|$)/;

/**
 * The URL of Redis: `redis[s]://[[user]:password@]host[:port][/database][?family=4|6]`. Other forms are refused:
 * drivers interpret them differently.
 */
export function redisUrl() {
  return z.string(`is required: it ${FORM}`).superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem !== null) {
      context.addIssue(problem);
    }
  });
}

/**
 * @returns the problem as the end of a sentence, without any part of the value; null for a valid URL.
 */
function problemOf(text: string): string | null {
  if (!SCHEMES.some((scheme) => text.startsWith(scheme))) {
    return FORM;
  }
  const port = WITH_PORT.exec(text)?.[1];
  if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535)) {
    return 'has a port that is not a number from 1 to 65535';
  }
  const url = parseUrl(text);
  if (!url) {
    return 'cannot be read: in a user name or password, write characters such as / ? # as %2F %3F %23';
  }
  return problemOfUrl(url);
}

function problemOfUrl(url: URL): string | null {
  const parameters = [...url.searchParams];
  const checks: [boolean, string][] = [
    [HOST.test(url.hostname), 'must name a host'],
    [PATH.test(url.pathname), 'has a path that is not the number of a database, such as /0'],
    [
      isDecodable(url.username) && isDecodable(url.password),
      'has a user name or password that is not percent-encoded: write % as %25',
    ],
    [url.username === '' || url.password !== '', 'has a user name without a password'],
    [url.hash === '', 'has a part that begins with #: in a password, write it as %23'],
    [
      parameters.every(([name]) => name === 'family') && parameters.length <= 1,
      'has an unknown parameter: only family is supported',
    ],
    [
      parameters.every(([, value]) => FAMILIES.includes(value)),
      'has a family that is neither 4 nor 6',
    ],
  ];
  return checks.find(([isFine]) => !isFine)?.[1] ?? null;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
