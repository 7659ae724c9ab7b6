import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { runInRequest, type RequestContext } from '#libs/common';
import { originOf } from './origin.decorator';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the log and audit events say of this request; null where it does without. */
    requestContext: RequestContext | null;
    /** To be called when the answer is made. */
    whenHandled: (() => void) | null;
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

/** Milliseconds after which a request is over that nobody waits for and that is not answered. No handler takes longer. */
const AFTER_ABORT_MS = 60_000;

/** Lets all that happens for a request know it; Fastify's parser of bodies brings the context along. */
export function addRequestContext(fastify: FastifyInstance): void {
  fastify.decorateRequest('requestContext', null);
  fastify.decorateRequest('whenHandled', null);
  fastify.addHook('onRequest', (request, { raw }, done) => {
    if (request.routeOptions.config.withoutContext) {
      done();
      return;
    }
    request.requestContext = contextOf(request);
    runInRequest(request.requestContext, (end) => {
      let isHandled = false;
      request.whenHandled = () => {
        isHandled = true;
        if (raw.closed) {
          end();
        }
      };
      raw.once('close', () => {
        if (isHandled) {
          end();
        } else {
          // Work goes on that nobody waits for any more: it still has to say who asked.
          setTimeout(end, AFTER_ABORT_MS).unref();
        }
      });
      done();
    });
  });
  fastify.addHook('onSend', (request, _reply, _payload, done) => {
    request.whenHandled?.();
    done();
  });
}

function contextOf(request: FastifyRequest): RequestContext {
  return { requestId: request.id, origin: () => originOf(request) };
}
