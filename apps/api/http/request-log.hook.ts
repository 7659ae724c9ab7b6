import type { FastifyInstance } from 'fastify';
import type { AuthenticatedRequest } from '#libs/http';
import { clientAddress } from './client-address';

/** Sets the headers of every answer and the id of its request. Runs before every hook that may answer. */
export function addAnswerHeaders(fastify: FastifyInstance, always: Record<string, string>): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(always).header('x-request-id', request.id);
    done();
  });
}

/**
 * Logs one line for each answer, without undefined fields. `route` is the pattern, never the URL, which may hold a
 * secret.
 */
export function logAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const { statusCode: status } = reply;
    const { user, attempt, problemCode }: AuthenticatedRequest = request;
    // A sign-in gains its session during the request. For a refused token it is the session that the token names.
    const session = request.requestContext?.session ?? user?.session ?? attempt?.claimed;
    const line = {
      // Set here because the route may have no context.
      requestId: request.id,
      userId: session?.userId,
      sessionId: session?.id,
      method: request.method,
      route: request.routeOptions.url,
      status,
      code: problemCode,
      // The client of a refused request may be an attacker.
      ip: status >= 400 ? clientAddress(request) : undefined,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    };
    fastify.log.info(line, 'answered');
    done();
  });
}
