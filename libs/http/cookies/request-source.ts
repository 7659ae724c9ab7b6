import type { IncomingHttpHeaders } from 'node:http';

/** The part of a request that cookies depend on, compatible with Fastify and Express. */
export interface CookieRequest {
  headers: IncomingHttpHeaders;
  method?: string;
  /** `http` or `https`, as the client has sent the request to the first trusted proxy. */
  protocol?: string;
  /** Host and port, of the same request. */
  host?: string;
}

/** Methods by which no route changes anything (RFC 9110 section 9.2.1). */
const SAFE_METHODS: readonly unknown[] = ['GET', 'HEAD'];
/** Headers in which a gateway names the method of the request that it asks about: Traefik, and our nginx. */
const FORWARDED_METHODS = ['x-forwarded-method', 'x-original-method'] as const;

/**
 * Whether a request may change something: by its method, by the one that a gateway names, or because it opens a
 * WebSocket, to which no browser applies CORS.
 */
export function mayChange({ method, headers }: CookieRequest): boolean {
  const forwarded = FORWARDED_METHODS.map((name) => headers[name]).filter(
    (given) => given !== undefined,
  );
  return (
    headers['sec-websocket-key'] !== undefined ||
    [method, ...forwarded].some((one) => !SAFE_METHODS.includes(one))
  );
}

/**
 * Whether a page of the origin of the request, or of another allowed origin, has sent the request. A browser sets
 * `Origin` and `Sec-Fetch-Site`; no script can. Without both the request is refused.
 */
export function isFromAllowedPage(request: CookieRequest, allowed: ReadonlySet<string>): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  return origin === undefined
    ? site === 'same-origin'
    : origin === originOf(request, allowed) || allowed.has(origin);
}

/** Whether the browser treats the host as secure without HTTPS (W3C Secure Contexts, section 3.1). */
export function isPlainLocalhost({ protocol, host = '' }: CookieRequest): boolean {
  return protocol === 'http' && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host);
}

/**
 * The origin of a request. TLS may end in front of a process that does not know it: where the host is allowed with HTTPS,
 * a page of the same host without is another origin, which an attacker in the network can serve.
 */
function originOf(
  { protocol = '', host = '' }: CookieRequest,
  allowed: ReadonlySet<string>,
): string {
  const secure = `https://${host.toLowerCase()}`;
  return allowed.has(secure) ? secure : `${protocol}://${host.toLowerCase()}`;
}
