// @ts-check
import { randomBytes } from 'node:crypto';
import { Failure } from '../../tools/local/failure.mjs';
import { passwordOf, profileOf } from '../servers/users.mjs';
import { inParallel } from './parallel.mjs';

const AT_ONCE = 4;
/** Characters of an access token of Latchkey. */
const TOKEN_LENGTH = 430;

/** @typedef {Record<string, string>} Headers */

/**
 * Signs users in on a server of `bench/servers`, which requires no password.
 * @param {string} url
 * @param {number} users
 * @returns {Promise<Headers[]>} what their requests carry
 */
export async function signInAtPeer(url, users) {
  return forEachUser(users, async (user) => {
    const answer = await send(`${url}/api/auth/login`, { method: 'POST', json: { user } });
    const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    if (cookies.length > 0) {
      return { cookie: cookies.join('; ') };
    }
    const { accessToken } = /** @type {{ accessToken: string }} */ (await answer.json());
    return bearer(accessToken);
  });
}

/**
 * Registers users with Latchkey, and gives each a profile as long as those of the peers.
 * @param {string} url
 * @param {number} users
 * @param {number} profileBytes
 * @returns {Promise<Headers[]>} what their requests carry
 */
export async function registerAtLatchkey(url, users, profileBytes) {
  return forEachUser(users, async (user) => {
    const { email, displayName } = profileOf(user);
    const json = { email, password: passwordOf(user), displayName };
    const answer = await send(`${url}/api/auth/register`, { method: 'POST', json });
    const { accessToken, user: profile } = /** @type {{ accessToken: string, user: object }} */ (
      await answer.json()
    );
    const missing = profileBytes - JSON.stringify({ ...profile, bio: '' }).length;
    const headers = bearer(accessToken);
    await send(`${url}/api/auth/profile`, {
      method: 'PUT',
      json: { bio: 'x'.repeat(missing) },
      headers,
    });
    return headers;
  });
}

/**
 * The same headers for servers that ignore them: reading them is part of every request.
 * @param {number} users
 * @returns {Headers[]}
 */
export function unreadHeaders(users) {
  const token = () => randomBytes(Math.round((TOKEN_LENGTH * 3) / 4)).toString('base64url');
  return Array.from({ length: users }, () => bearer(token()));
}

/** @param {string} token @returns {Headers} */
const bearer = (token) => ({ authorization: `Bearer ${token}` });

/**
 * @template T
 * @param {number} users
 * @param {(user: number) => Promise<T>} work
 */
function forEachUser(users, work) {
  return inParallel([...Array(users).keys()], AT_ONCE, work);
}

/**
 * @param {string} url
 * @param {{ method: string, json: unknown, headers?: Headers }} request
 * @throws {Failure} when the answer is not 2xx
 */
export async function send(url, { method, json, headers }) {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(json),
  });
  if (!answer.ok) {
    throw new Failure(`${method} ${url} was answered ${answer.status}.`, await answer.text());
  }
  return answer;
}
