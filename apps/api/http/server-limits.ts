import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Timeouts for clients, in milliseconds. */
export class HttpTimings {
  /** For the headers, from the connection or the end of the previous request. */
  headersMs = 10_000;
  /** For a whole request. The largest request is a picture. */
  requestMs = 60_000;
  /** Between two requests: longer than the 60 s for which load balancers keep a connection. */
  idleMs = 72_000;
  /** Interval at which Node checks the two timeouts of a request. */
  checkMs = 2_000;
}

/** Bytes of all headers of a request. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Milliseconds between two equal warnings. */
const COMPLAINT_INTERVAL_MS = 10_000;

/** Options of Fastify, and of the Node server below it. */
export function serverLimits({ headersMs, requestMs, idleMs, checkMs }: HttpTimings) {
  return {
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    http: {
      headersTimeout: headersMs,
      connectionsCheckingInterval: checkMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Node drops all Authorization headers but the first, where a proxy may have read the last, and accepts a request
      // without a Host: see message-framing.ts.
      joinDuplicateHeaders: true,
      requireHostHeader: false,
    },
  };
}

/** Replaces Node's 417: a server may ignore an unknown expectation (RFC 9110 section 10.1.1). */
export function ignoreExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

/** Closes connections beyond the limit at once; a load balancer takes that for a full instance. */
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
