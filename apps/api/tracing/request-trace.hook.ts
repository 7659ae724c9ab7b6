import type { FastifyInstance } from 'fastify';
import type { Tracer } from '#libs/tracing';

/** Names the trace of a request once its route is known. */
export function nameTraces(fastify: FastifyInstance, tracer: Tracer): void {
  fastify.addHook('onRequest', ({ method, routeOptions }, _reply, done) => {
    tracer.nameRequest(method, routeOptions.url);
    done();
  });
}
