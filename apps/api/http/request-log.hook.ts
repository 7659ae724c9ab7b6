import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { AuthenticatedRequest } from '#libs/http';
import { answerLog } from '../log/answer-log';
import { clientOf } from './client.decorator';

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
  const logAnswer = answerLog(fastify.log as Logger);
  fastify.addHook('onResponse', (request, reply, done) => {
    const { statusCode: status } = reply;
    const { user, attempt, problemCode }: AuthenticatedRequest = request;
    // A sign-in has come by its session on the way; of a refused token it is the session that it names.
    const session = request.requestContext?.session ?? user?.session ?? attempt?.claimed;
    logAnswer({
      requestId: request.id,
      userId: session?.userId,
      sessionId: session?.id,
      method: request.method,
      route: request.routeOptions.url,
      status,
      code: problemCode,
      // Who was refused may be an attacker.
      ip: status >= 400 ? clientOf(request).ip : undefined,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    });
    done();
  });
}
