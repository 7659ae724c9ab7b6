import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** How long a client may take, in milliseconds. */
export class HttpTimings {
  /** For its headers, from when it has connected or sent the last request. */
  headersMs = 10_000;
  /** For a whole request. The largest is a picture. */
  requestMs = 60_000;
  /** Between two requests: longer than the minute that load balancers keep a connection. */
  idleMs = 72_000;
  /** Between two looks at who takes too long. */
  checkMs = 2_000;
}

/** Bytes of all headers of a request. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Milliseconds between two complaints of the same. */
const COMPLAINT_INTERVAL_MS = 10_000;

/** Options of Fastify, and of Node's server below it. */
export function serverLimits({ headersMs, requestMs, idleMs, checkMs }: HttpTimings) {
  return {
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    http: {
      headersTimeout: headersMs,
      connectionsCheckingInterval: checkMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Node drops all but the first Authorization, where a proxy in front may have looked at the last;
      // and it goes on after a request without a Host: see message-framing.ts.
      joinDuplicateHeaders: true,
      requireHostHeader: false,
    },
  };
}

/** Where Node would answer 417 by itself: a server may ignore an expectation it does not know (RFC 9110 section 10.1.1). */
export function ignoreExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

/** Beyond them connections are closed at once, which a load balancer takes for a full instance. */
export function limitConnections({ server }: FastifyInstance, maxConnections: number): void {
  const logger = new Logger('Http');
  let complainedAtMs = -Infinity;
  server.maxConnections = maxConnections;
  server.on('drop', () => {
    if (performance.now() - complainedAtMs > COMPLAINT_INTERVAL_MS) {
      complainedAtMs = performance.now();
      logger.warn(`connections are refused: more than ${maxConnections} at once`);
    }
  });
}
