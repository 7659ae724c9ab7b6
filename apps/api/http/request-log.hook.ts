import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { clientOf } from './client.decorator';
import { inContextOf } from './request-context.hook';

const ACCEPTED_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The caller's `X-Request-Id` where it is harmless, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED_REQUEST_ID.test(given) ? given : randomUUID();
}

/** Returns the request id to the caller, forbids caching, and logs one line for each answer. */
export function addRequestHooks(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request;
    const line = {
      method,
      // The pattern, never the URL: a client may have put a secret into that.
      route: routeOptions.url,
      status: reply.statusCode,
      // Who was refused may be an attacker.
      ...(reply.statusCode >= 400 && { ip: clientOf(request).ip }),
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    inContextOf(request, () => request.log.info(line, 'answered'));
    done();
  });
}
