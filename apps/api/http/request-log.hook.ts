import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sessionFields } from '#libs/common';
import type { AuthenticatedRequest } from '#libs/http';
import { clientOf } from './client.decorator';

const ACCEPTED_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The caller's `X-Request-Id` where it is harmless, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED_REQUEST_ID.test(given) ? given : randomUUID();
}

/**
 * Returns the request id to the caller, forbids caching, and logs one line for each answer.
 * @param always headers of every answer.
 */
export function addRequestHooks(fastify: FastifyInstance, always: Record<string, string>): void {
  const headers = { ...always, 'cache-control': 'no-store' };
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('x-request-id', request.id);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request;
    const line = {
      requestId: request.id,
      // A sign-in has come by its session on the way.
      ...sessionFields(request.requestContext?.session ?? userOf(request)?.session),
      method,
      // The pattern, never the URL: a client may have put a secret into that.
      route: routeOptions.url,
      status: reply.statusCode,
      // Who was refused may be an attacker.
      ...(reply.statusCode >= 400 && { ip: clientOf(request).ip }),
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    request.log.info(line, 'answered');
    done();
  });
}

function userOf(request: FastifyRequest & AuthenticatedRequest) {
  return request.user;
}
