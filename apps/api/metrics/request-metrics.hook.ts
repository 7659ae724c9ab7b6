import type { FastifyInstance, onResponseHookHandler } from 'fastify';
import type { Metrics, RouteMetrics } from '#libs/metrics';

/** Measures every routed request. Call it before the routes are added. */
export function measureRequests(fastify: FastifyInstance, { http }: Metrics): void {
  const measuring = new Set<unknown>();
  // One hook for each route, which knows its pattern: no lookup for each request.
  fastify.addHook('onRoute', (route) => {
    const hooks = [route.onResponse ?? []].flat();
    // The HEAD route that Fastify adds to a GET route inherits its hooks.
    if (!hooks.some((hook) => measuring.has(hook))) {
      const measure = measureRoute(http, route.url);
      measuring.add(measure);
      route.onResponse = [...hooks, measure];
    }
  });
  const measureUnknown = measureRoute(http);
  fastify.addHook('onResponse', function (request, reply, done) {
    if (request.is404) {
      measureUnknown.call(this, request, reply, done);
    } else {
      done();
    }
  });
}

function measureRoute(http: Metrics['http'], pattern?: string): onResponseHookHandler {
  const byMethod = new Map<string, RouteMetrics>();
  return ({ method }, reply, done) => {
    let route = byMethod.get(method);
    if (!route) {
      route = http.route(method, pattern);
      byMethod.set(method, route);
    }
    route.answered(reply.statusCode, reply.elapsedTime / 1000);
    done();
  };
}
