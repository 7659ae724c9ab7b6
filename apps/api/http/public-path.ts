/** The start of every route but that of the page at `/`. */
const ROUTE = /^\/(?:api|avatars|docs|health|metrics|\.well-known)(?:[/?#]|$)/;
/** Of a target: its query, or nothing. */
const QUERY = /^(?:[?#]|$)/;
/** As `QUERY`, or after one slash. */
const NO_PATH = /^\/?(?:[?#]|$)/;
/** A target may be a whole URL (RFC 9112 section 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/i;
const METADATA = '/.well-known/oauth-authorization-server';

/**
 * For a `PUBLIC_URL` with a path: maps the target of a request to that of a route. A proxy may pass the path on or strip
 * it, so a target without the path is one already. The path is removed once, and only before a route or the end of the
 * target: with `/auth`, `/authx` and `/auth//api` stay as they are and have no route. The metadata is found where RFC
 * 8414 section 3.1 has it too, with the path at its end.
 * @param publicPath such as `/auth`; empty without one.
 */
export function routesUnder(publicPath: string): (target: string) => string {
  if (publicPath === '') {
    return (target) => target;
  }
  return (target) => {
    const origin = ORIGIN.exec(target)?.[0] ?? '';
    return origin + routeOf(target.slice(origin.length), publicPath);
  };
}

function routeOf(target: string, publicPath: string): string {
  const end = afterPrefix(target, METADATA + publicPath);
  if (end !== undefined && QUERY.test(end)) {
    return METADATA + end;
  }
  const rest = afterPrefix(target, publicPath);
  if (rest !== undefined && ROUTE.test(rest)) {
    return rest;
  }
  return rest !== undefined && NO_PATH.test(rest) ? `/${rest.replace(/^\//, '')}` : target;
}

function afterPrefix(text: string, prefix: string): string | undefined {
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined;
}
