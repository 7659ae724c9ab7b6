// @ts-check
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Failure } from '../../tools/local/failure.mjs';
import { BENCH } from './packages.mjs';

/**
 * @typedef {object} Target
 * @property {string} name as shown to the reader
 * @property {string} url
 * @property {string} [method] GET unless told
 * @property {Record<string, string>[]} [headers] of the connections, in turn
 * @property {string[]} [bodies] of the connections, in turn
 */

/**
 * How long or how much.
 * @typedef {{ connections: number } & ({ seconds: number } | { requests: number })} Amount
 */

/**
 * @typedef {object} LoadFigures
 * @property {number} requests that were answered
 * @property {number} seconds
 * @property {number} perSecond
 * @property {number} p50 milliseconds
 * @property {number} p99 milliseconds
 */

/**
 * Asks over and over, each connection again as soon as it is answered.
 * @param {Target} target
 * @param {Amount} amount
 * @returns {Promise<LoadFigures>}
 * @throws {Failure} when any answer is not 2xx
 */
export async function load({ name, url, method = 'GET', headers, bodies }, amount) {
  // Not there before the bench has installed its packages.
  const autocannon = createRequire(join(BENCH, 'package.json'))('autocannon');
  let next = 0;
  const result = await autocannon({
    url,
    method,
    connections: amount.connections,
    ...('seconds' in amount ? { duration: amount.seconds } : { amount: amount.requests }),
    /** @param {{ setHeaders(headers: object): void, setBody(body: string): void }} client */
    setupClient(client) {
      if (headers !== undefined) {
        client.setHeaders(headers[next % headers.length] ?? {});
      }
      if (bodies !== undefined) {
        client.setBody(bodies[next % bodies.length] ?? '');
      }
      next += 1;
    },
  });
  const answered = result['2xx'];
  if (result.non2xx > 0 || result.errors > 0 || answered === 0) {
    const statuses = JSON.stringify(result.statusCodeStats);
    throw new Failure(
      `${name}: of ${result.requests.total} requests ${answered} were answered 2xx, ` +
        `${result.errors} failed (${statuses}).`,
    );
  }
  return {
    requests: result.requests.total,
    seconds: result.duration,
    perSecond: result.requests.total / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}
