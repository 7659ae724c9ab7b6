import type { FastifyInstance } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { DomainError } from '#libs/common';

/** The path has routes, but none for the method. */
export class MethodNotAllowedError extends DomainError {
  readonly code = 'method_not_allowed';

  constructor() {
    super('This path does not support the method. The header Allow lists those that it supports.');
  }
}

/**
 * Answers 405 with `Allow` for a method that a known path does not support (RFC 9110 section 15.5.6), before the body
 * or the token is read. Call it before the routes are added.
 */
export function refuseOtherMethods(fastify: FastifyInstance): void {
  // Fastify's own router, so that both know the same paths.
  const router = findMyWay();
  const methods = new Set<HTTPMethod>();
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat() as HTTPMethod[]) {
      methods.add(one);
      router.on(one, url, () => undefined);
    }
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) {
      done();
      return;
    }
    const { url = '' } = request.raw;
    const allowed = [...methods].filter((method) => router.find(method, url) !== null);
    if (allowed.length > 0) {
      reply.header('allow', allowed.sort().join(', '));
    }
    done(allowed.length > 0 ? new MethodNotAllowedError() : undefined);
  });
}
