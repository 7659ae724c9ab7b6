// @ts-check
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Failure } from '../../tools/local/failure.mjs';
import { BENCH } from './packages.mjs';

const SAMPLE_MS = 20;
/** A slow answer is a result, not a failure. */
const TIMEOUT_SECONDS = 60;

/**
 * @typedef {object} Target
 * @property {string} name as shown to the reader
 * @property {string} url
 * @property {() => string} [details] for the reader of a failure, such as the end of the server's log
 * @property {string} [method] GET by default
 * @property {Record<string, string>[]} [headers] of the connections, in turn
 * @property {string[]} [bodies] of the connections, in turn
 */

/**
 * The duration, or the number of requests.
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
 * Sends requests continuously: each connection sends the next one when the last is answered.
 * @param {Target} target
 * @param {Amount} amount
 * @returns {Promise<LoadFigures>}
 * @throws {Failure} when any answer is not 2xx
 */
export async function load({ name, details, url, method = 'GET', headers, bodies }, amount) {
  // Imported here: the bench installs its packages first.
  const autocannon = createRequire(join(BENCH, 'package.json'))('autocannon');
  let next = 0;
  const result = await autocannon({
    url,
    method,
    connections: amount.connections,
    // A run ends with a sample; with one per second it would end up to a second late.
    sampleInt: SAMPLE_MS,
    timeout: TIMEOUT_SECONDS,
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
      details?.(),
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
