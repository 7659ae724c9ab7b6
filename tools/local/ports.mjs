// @ts-check
import { connect, createServer } from 'node:net';
import { hasCode } from './failure.mjs';

const CONNECT_DEADLINE_MS = 1_000;

/**
 * @param {number} port 0 for any free one
 * @param {string} host
 * @returns {Promise<number>} the port that could be listened on
 */
function tryListen(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const { port: bound } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(bound));
    });
  });
}

/** @returns {Promise<number>} a port of 127.0.0.1 without a listener */
export function freePort() {
  return tryListen(0, '127.0.0.1');
}

/**
 * @param {number} port
 * @param {string} host
 */
export async function portIsTaken(port, host) {
  try {
    await tryListen(port, host);
    return false;
  } catch (error) {
    return hasCode(error, 'EADDRINUSE');
  }
}

/**
 * Opens a connection to a port of 127.0.0.1 and returns the first bytes that it receives.
 * @param {number} port
 * @param {string} request sent first; empty to send nothing and only connect
 * @returns {Promise<string | undefined>} the first bytes of the answer; undefined when there is none
 */
export function ask(port, request) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    /** @param {string} [answer] */
    const finish = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_DEADLINE_MS, finish);
    socket.on('error', () => finish());
    socket.on('close', () => finish());
    socket.on('connect', () => (request === '' ? finish('') : socket.write(request)));
    socket.on('data', (bytes) => finish(bytes.toString('utf8')));
  });
}
