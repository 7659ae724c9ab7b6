import { z } from 'zod';
import { parseUrl } from './parse-url';

/** Scheme, host and path of an address that has no more parts. */
const ADDRESS = /^https?:\/\/[^/?#@\\\s]+((?:\/[^?#\\\s]*)?)$/;
/** One segment of the path: characters that no client, proxy or cookie writes in another way. */
const SEGMENT = /^(?!\.{1,2}$)[\w.~-]+$/;
/** Routes of the API itself. Below one of them, a path with the prefix could be one without it. */
const OWN_PATH = /^\/(?:api\/(?:admin|auth)|avatars|docs|health|metrics|\.well-known)(?:\/|$)/;

/** The address at which clients reach the API, as written, without slashes at its end. */
export function publicUrl() {
  return z.string().transform((text, context) => {
    const problem = problemOf(text);
    if (problem === undefined) {
      return withoutEndSlashes(text);
    }
    context.addIssue(problem);
    return z.NEVER;
  });
}

/** @returns the path of a `PUBLIC_URL`, such as `/auth`; empty for an address without a path, and without an address. */
export function publicPathOf(url: string | undefined): string {
  return pathIn(url ?? '');
}

function problemOf(text: string): string | undefined {
  if (!/^https?:\/\//.test(text)) {
    return 'must be a URL that starts with http:// or https://';
  }
  if (!ADDRESS.test(text)) {
    return 'must be an address without a user name, a password, a query or a fragment';
  }
  if (parseUrl(text) === undefined) {
    return 'must have a valid host and port';
  }
  const path = pathIn(text);
  if (
    !path
      .split('/')
      .slice(1)
      .every((segment) => SEGMENT.test(segment))
  ) {
    return 'must have a path like /auth: names of letters, digits, dots, hyphens, underscores and tildes';
  }
  if (OWN_PATH.test(path)) {
    return 'must not have a path at which Latchkey itself serves a route, such as /docs';
  }
  return undefined;
}

function pathIn(url: string): string {
  return withoutEndSlashes(ADDRESS.exec(url)?.[1] ?? '');
}

function withoutEndSlashes(text: string): string {
  return text.replace(/\/+$/, '');
}
