import { request } from 'node:http';
import {
  newEmail,
  PASSWORD,
  startTestApp,
  type TestApp,
  type TestAppOptions,
} from '../../support/app';

/** Where browsers reach the attacked application; HTTPS ends in front of it. */
export const SITE = 'https://auth.example.com';
/** Another origin that may use the cookies. */
export const LISTED = 'https://app.example.com';

/** An application that uses cookies. */
export function startCookieApp({ env, ...more }: TestAppOptions = {}): Promise<TestApp> {
  return startTestApp({
    env: { COOKIES: 'on', PUBLIC_URL: SITE, CORS_ORIGINS: LISTED, ...env },
    ...more,
  });
}

export interface SentRequest {
  method?: string;
  path: string;
  /** Sent unchanged; a list becomes several headers. `Host` is that of the site unless it is named here. */
  headers?: Record<string, string | string[]>;
  json?: unknown;
  raw?: string;
}

export interface ReceivedAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  setCookies: string[];
  body: Record<string, unknown> & { code?: string };
}

/** Sends a request over a socket of its own, with headers that no browser would let a page choose. */
export async function send(
  { http }: TestApp,
  { method = 'GET', path, headers = {}, json, raw }: SentRequest,
): Promise<ReceivedAnswer> {
  const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
  const { port } = new URL(http.origin);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: {
          host: new URL(SITE).host,
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = /\bjson\b/.test(incoming.headers['content-type'] ?? '') && text !== '';
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            setCookies: incoming.headers['set-cookie'] ?? [],
            body: (isJson ? JSON.parse(text) : {}) as ReceivedAnswer['body'],
          });
        });
      },
    );
    outgoing.once('error', reject).end(body);
  });
}

/** The cookies of a browser that has signed in. */
export interface CookieUser {
  email: string;
  userId: string;
  sessionId: string;
  /** `name=value`. */
  access: string;
  refresh: string;
  /** Both, as a browser sends them to the path of the refresh. */
  both: string;
}

/** Signs a new user up with cookies, as a page of the site does. */
export async function signUp(
  app: TestApp,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = { origin: SITE },
): Promise<CookieUser> {
  const email = newEmail();
  const json = { email, password: PASSWORD, cookies: true, ...more };
  const answer = await send(app, { method: 'POST', path: '/api/auth/register', json, headers });
  if (answer.status !== 201) {
    throw new Error(`the sign-up was refused: ${answer.status} ${answer.body.code}`);
  }
  const { user, session } = answer.body as { user: { id: string }; session: { id: string } };
  return { email, userId: user.id, sessionId: session.id, ...cookiesOf(answer) };
}

/** `name=value` of the two cookies that an answer sets. */
export function cookiesOf({ setCookies }: ReceivedAnswer): {
  access: string;
  refresh: string;
  both: string;
} {
  const [access = '', refresh = ''] = setCookies.map((line) => line.split(';')[0] ?? '');
  return { access, refresh, both: `${access}; ${refresh}` };
}

/** The value of `name=value`. */
export function valueOf(cookie: string): string {
  return cookie.slice(cookie.indexOf('=') + 1);
}
