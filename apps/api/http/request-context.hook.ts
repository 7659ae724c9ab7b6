import type { FastifyInstance, FastifyRequest } from 'fastify';
import { runInRequest, type RequestContext } from '#libs/common';
import { clientOf } from './client.decorator';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the log and security events say of this request. */
    requestContext: RequestContext | null;
  }
}

/** Lets all that happens for a request know it; Fastify's parser of bodies brings the context along. */
export function addRequestContext(fastify: FastifyInstance): void {
  fastify.decorateRequest('requestContext', null);
  fastify.addHook('onRequest', (request, _reply, done) => inContextOf(request, done));
}

/** Does work for a request where its context may have been left, as in events of its socket. */
export function inContextOf(request: FastifyRequest, work: () => void): void {
  request.requestContext ??= { requestId: request.id, origin: () => clientOf(request) };
  runInRequest(request.requestContext, work);
}
