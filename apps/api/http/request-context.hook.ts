import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { runInRequest, type RequestContext } from '#libs/common';
import { originOf } from './origin.decorator';

declare module 'fastify' {
  interface FastifyRequest {
    /** The context for log lines and audit events; null on a route without context. */
    requestContext: RequestContext | null;
    /** Called when the answer is complete. */
    whenHandled: (() => void) | null;
  }

  interface FastifyContextConfig {
    withoutContext?: boolean;
  }
}

/**
 * For a route that is called very often and starts nothing that must name its request: following the request through
 * all its promises would dominate its cost. The line of its answer names the request all the same.
 */
export const WithoutContext = () => RouteConfig({ withoutContext: true });

/** Milliseconds after which the context of an aborted request without an answer ends. No handler takes longer. */
const AFTER_ABORT_MS = 60_000;

/** Makes the request's context available to all work for it. Fastify's body parser keeps the context. */
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
          // The client has gone, but the work continues and must still name its request.
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
