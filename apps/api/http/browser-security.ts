import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';
import helmet from 'helmet';

/** For answers that a browser may render: no script, no frame, no request. */
const API_POLICY = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Swagger UI has scripts of its own, and writes styles into the page. */
const DOCS_POLICY = [
  "default-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
].join(';');

const DOCS = /^\/docs(?:\/|$)/;

/** Headers of an answer that a page of another origin may read. */
const EXPOSED_HEADERS = [
  'ETag',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'WWW-Authenticate',
  'X-Cache',
  'X-Request-Id',
];
const PREFLIGHT_SECONDS = 600;

/**
 * Headers of every answer: they restrict browsers and forbid caches to store it. Helmet runs once, not for each answer.
 * @param hstsSeconds how long browsers use HTTPS only; undefined where a proxy terminates TLS.
 */
export function answerHeaders(hstsSeconds: number | undefined): Record<string, string> {
  const protect = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: API_POLICY },
    strictTransportSecurity: hstsSeconds !== undefined && { maxAge: hstsSeconds },
    xFrameOptions: { action: 'deny' },
  });
  const request = new IncomingMessage(new Socket());
  const answer = new ServerResponse(request);
  protect(request, answer, () => undefined);
  const headers = Object.entries(answer.getHeaders());
  return {
    ...Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    'cache-control': 'no-store',
  };
}

/** Relaxes the policy for the pages of Swagger UI. Adds no hook where they are not served. */
export function letDocsRun(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    if (DOCS.test(request.routeOptions.url ?? '')) {
      reply.header('content-security-policy', DOCS_POLICY);
      nameCharacters(reply);
    }
    done();
  });
}

/** Adds the charset that Swagger UI omits. */
function nameCharacters(reply: FastifyReply): void {
  const type = reply.getHeader('content-type');
  if (typeof type === 'string' && /^(text\/\w+|application\/javascript)$/.test(type)) {
    reply.header('content-type', `${type}; charset=utf-8`);
  }
}

/** Headers of the answer to a preflight. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers':
    'Authorization, Content-Type, If-Match, If-None-Match, X-Request-Id',
  'access-control-max-age': String(PREFLIGHT_SECONDS),
};

/**
 * Allows pages of these origins to call the API; without any, no page of another origin may. A hook of its own, because
 * Nest's would run before all others and answer without the security headers, also requests that must be refused.
 * @param cookies whether these pages may send cookies along.
 */
export function allowOrigins(
  fastify: FastifyInstance,
  origins: readonly string[],
  cookies: boolean,
): void {
  if (origins.length === 0) {
    return;
  }
  const exposed = EXPOSED_HEADERS.join(', ');
  fastify.addHook('onRequest', ({ method, headers }, reply, done) => {
    const { origin } = headers;
    reply.header('vary', 'Origin');
    if (origin === undefined || !origins.includes(origin)) {
      done();
      return;
    }
    reply
      .header('access-control-allow-origin', origin)
      .header('access-control-expose-headers', exposed);
    if (cookies) {
      reply.header('access-control-allow-credentials', 'true');
    }
    if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
      void reply.code(204).headers(PREFLIGHT).send();
    } else {
      done();
    }
  });
}
