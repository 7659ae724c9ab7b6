import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { runInRequest, type RequestContext } from '#libs/common';
import { clientOf } from './client.decorator';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the log and security events say of this request; null where it does without. */
    requestContext: RequestContext | null;
  }

  interface FastifyContextConfig {
    withoutContext?: boolean;
  }
}

/**
 * For a route that is asked all the time, and sets off nothing that has to name its request: following
 * it through all that it waits for would be much of its cost. Its lines in the log name it all the same.
 */
export const WithoutContext = () => RouteConfig({ withoutContext: true });

/**
 * Milliseconds for which work goes on that nobody waits for any more: it still has to say who asked. No
 * handler takes longer.
 */
const AFTER_ABORT_MS = 60_000;

/** Lets all that happens for a request know it; Fastify's parser of bodies brings the context along. */
export function addRequestContext(fastify: FastifyInstance): void {
  fastify.decorateRequest('requestContext', null);
  fastify.addHook('onRequest', (request, { raw }, done) => {
    if (request.routeOptions.config.withoutContext) {
      done();
      return;
    }
    request.requestContext = contextOf(request);
    runInRequest(request.requestContext, (end) => {
      raw.once('close', () => {
        if (raw.writableFinished) {
          end();
        } else {
          setTimeout(end, AFTER_ABORT_MS).unref();
        }
      });
      done();
    });
  });
}

function contextOf(request: FastifyRequest): RequestContext {
  return { requestId: request.id, origin: () => clientOf(request) };
}
