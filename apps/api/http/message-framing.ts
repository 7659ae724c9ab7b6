import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '#libs/common';

class UnclearRequestError extends DomainError {
  readonly code = 'malformed_request';

  constructor() {
    super('The request could not be read.');
  }
}

/** Connections with a request that this module has refused. */
const refused = new WeakSet<Socket>();

/** Whether the end of a request is ambiguous: the bytes after its head must not be read. */
export function isRefusedAsUnclear({ socket }: IncomingMessage): boolean {
  return refused.has(socket);
}

/**
 * Refuses requests that a proxy may have read differently, by their Host or their length, and all requests after them
 * on the same connection, which Node would still execute (RFC 9112 sections 3.2, 6.1, 9.6 and 11.2). Runs before every
 * hook that may answer.
 */
export function refuseUnclearRequests(fastify: FastifyInstance): void {
  // Node silently drops headers beyond 2,000. Their total size is limited in any case.
  fastify.server.maxHeadersCount = 0;
  fastify.addHook('onRequest', ({ raw }, reply, done) => {
    if (refused.has(raw.socket) || isUnclear(raw)) {
      refused.add(raw.socket);
      reply.header('connection', 'close');
      done(new UnclearRequestError());
    } else {
      done();
    }
  });
}

/** Node joins repeated headers: see `serverLimits`. */
function isUnclear({ headers, httpVersion }: IncomingMessage): boolean {
  const { host, 'transfer-encoding': encoding } = headers;
  const hasOneHost = host === undefined ? httpVersion === '1.0' : !host.includes(',');
  return !hasOneHost || (encoding !== undefined && encoding.toLowerCase() !== 'chunked');
}
