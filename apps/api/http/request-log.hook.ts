import type { FastifyInstance } from 'fastify';
import type { AuthenticatedRequest } from '#libs/http';
import { clientAddress } from './client-address';

/** Sets headers of every answer, and the id of its request. Before any hook that may answer. */
export function addAnswerHeaders(fastify: FastifyInstance, always: Record<string, string>): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(always).header('x-request-id', request.id);
    done();
  });
}

/**
 * Logs one line for each answer; undefined fields are left out. `route` is the pattern, never the URL: a client may
 * have put a secret into that.
 */
export function logAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const { statusCode: status } = reply;
    const { user, attempt, problemCode }: AuthenticatedRequest = request;
    // A sign-in has come by its session on the way; of a refused token it is the session that it names.
    const session = request.requestContext?.session ?? user?.session ?? attempt?.claimed;
    const line = {
      // Also where the request does without its context.
      requestId: request.id,
      userId: session?.userId,
      sessionId: session?.id,
      method: request.method,
      route: request.routeOptions.url,
      status,
      code: problemCode,
      // Who was refused may be an attacker.
      ip: status >= 400 ? clientAddress(request) : undefined,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    fastify.log.info(line, 'answered');
    done();
  });
}
