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

/** Connections of requests that were refused here. */
const refused = new WeakSet<Socket>();

/** Whether the end of a request is not sure: what follows its head must not be read. */
export function isRefusedAsUnclear({ socket }: IncomingMessage): boolean {
  return refused.has(socket);
}

/**
 * Refuses requests that a proxy in front may have read in another way, by their Host or by where they
 * end; and all that comes behind them on their connection, which Node would still execute (RFC 9112
 * sections 3.2, 6.1, 9.6 and 11.2). Before any other hook that may answer.
 */
export function refuseUnclearRequests(fastify: FastifyInstance): void {
  // Node keeps two thousand headers and leaves out the rest without a word; their size is bounded anyway.
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

/** Node joins headers that come twice: see `serverLimits`. */
function isUnclear({ headers, httpVersion }: IncomingMessage): boolean {
  const { host, 'transfer-encoding': encoding } = headers;
  const hasOneHost = host === undefined ? httpVersion === '1.0' : !host.includes(',');
  return !hasOneHost || (encoding !== undefined && encoding.toLowerCase() !== 'chunked');
}
