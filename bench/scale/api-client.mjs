// @ts-check
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { Failure } from '../../tools/local/failure.mjs';

/** One kept connection, so that only the request is measured. */
const alone = new Agent({ keepAlive: true, maxSockets: 1 });

/**
 * @param {string} url
 * @param {{ method?: string, token?: string, json?: unknown, agent?: Agent }} [options]
 * @returns {Promise<string>} the body
 * @throws {Failure} unless it is answered with 2xx
 */
export function call(url, { method = 'GET', token, json, agent = alone } = {}) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => {
        const status = answer.statusCode ?? 0;
        if (status >= 200 && status < 300) {
          resolve(text);
        } else {
          reject(new Failure(`${method} ${url} was answered ${status}.`, text));
        }
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/**
 * Signs access tokens for seeded sessions, in the form of a token that the product has issued.
 * @param {string} issued
 * @param {string} secret
 */
export function tokenSigner(issued, secret) {
  const [header = '', payload = ''] = issued.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  /** @param {import('./population.mjs').SeededSession} session */
  return ({ id, userId, expiresAtMs }) => {
    const own = { ...claims, sub: userId, sid: id, jti: id, exp: Math.floor(expiresAtMs / 1000) };
    const signed = `${header}.${Buffer.from(JSON.stringify(own)).toString('base64url')}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
}
