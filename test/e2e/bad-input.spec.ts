import { once } from 'node:events';
import { connect } from 'node:net';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import type { Call } from '../support/http-client';

const ROUTES = [
  { method: 'POST', path: '/api/auth/register', fields: ['email', 'password', 'displayName'] },
  { method: 'POST', path: '/api/auth/login', fields: ['email', 'password'] },
  { method: 'PUT', path: '/api/auth/profile', fields: ['displayName', 'bio'] },
  {
    method: 'PUT',
    path: '/api/auth/profile/password',
    fields: ['currentPassword', 'newPassword'],
  },
];

const nested = (depth: number, open: string, close: string, inner: string) =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

/** Bodies that no route may read, and their answers. */
const UNREADABLE: [title: string, call: Call, status: number, code: string][] = [
  ['a broken object', { raw: '{"email":' }, 400, 'malformed_json'],
  ['a comma too many', { raw: '{"email":"a@b.co",}' }, 400, 'malformed_json'],
  ['no JSON at all', { raw: 'email=a' }, 400, 'malformed_json'],
  ['bytes that are not UTF-8', { raw: latin1('{"email":"\xff\xfe"}') }, 400, 'malformed_json'],
  ['__proto__', { raw: '{"__proto__":{"role":"admin"}}' }, 400, 'malformed_json'],
  [
    'constructor.prototype',
    { raw: '{"constructor":{"prototype":{"role":"admin"}}}' },
    400,
    'malformed_json',
  ],
  ['objects 5,000 deep', { raw: nested(5000, '{"bio":', '}', '1') }, 400, 'malformed_json'],
  ['arrays 5,000 deep', { raw: `{"bio":${nested(5000, '[', ']', '')}}` }, 400, 'malformed_json'],
  ['a megabyte', { raw: `{"bio":"${'a'.repeat(1_000_000)}"}` }, 413, 'payload_too_large'],
  ['an array', { raw: '[]' }, 400, 'validation_failed'],
  ['a string', { raw: '"email"' }, 400, 'validation_failed'],
  ['a number', { raw: '1' }, 400, 'validation_failed'],
  ['null', { raw: 'null' }, 400, 'validation_failed'],
  ...['isAdmin', 'constructor', 'toString', 'hasOwnProperty'].map(
    (name): [string, Call, number, string] => [
      `the unknown field ${name}`,
      { json: { [name]: 'x' } },
      400,
      'validation_failed',
    ],
  ),
  [
    'text in another charset',
    { raw: '{}', headers: { 'content-type': 'application/json; charset=utf-16' } },
    415,
    'unsupported_media_type',
  ],
  [
    'a compressed body',
    { raw: '{}', headers: { 'content-encoding': 'gzip' } },
    415,
    'unsupported_media_type',
  ],
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/html'].map(
    (type): [string, Call, number, string] => [
      type,
      { raw: '{"email":"a@b.co"}', headers: { 'content-type': type } },
      415,
      'unsupported_media_type',
    ],
  ),
];

/** Values that no field may take, under any name. */
const BAD_VALUES: [title: string, value: unknown][] = [
  ['a number', 1],
  ['a boolean', true],
  ['an array', ['a@example.com']],
  ['an object', { $ne: null }],
  ['a null character', 'longer than eight\0@example.com'],
  ['a lone surrogate', 'longer than eight\ud800@example.com'],
  ['a text too long', `${'z'.repeat(3000)}@example.com`],
  ['an empty text', ''],
];

function latin1(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

describe('bad input', () => {
  let app: TestApp;
  let token: string;
  let before: unknown;

  beforeAll(async () => {
    app = await startTestApp();
    token = (await app.register()).accessToken;
    before = await everythingStored();
  });

  afterAll(async () => {
    await app.close();
  });

  /** After each test: no test has stored anything, and the server still serves. */
  afterEach(async () => {
    expect(await everythingStored()).toEqual(before);
    expect((await app.http.get('/health/live')).status).toBe(200);
  });

  async function everythingStored() {
    const rows = await app.database.sql.query<unknown[]>(
      `SELECT (SELECT json_agg(u) FROM users u) AS users,
              (SELECT count(*) FROM sessions) AS sessions`,
    );
    return [rows, await app.redis.client.dbsize()];
  }

  /** A body that would be accepted. */
  function good(fields: readonly string[]): Record<string, unknown> {
    const values: Record<string, unknown> = { email: newEmail(), displayName: 'Ada', bio: 'Bio' };
    return Object.fromEntries(fields.map((field) => [field, values[field] ?? PASSWORD]));
  }

  describe.each(ROUTES)('to $method $path', ({ method, path, fields }) => {
    it.each(UNREADABLE)('%s is refused', async (_, call, status, code) => {
      const answer = await app.http.call(method, path, { ...call, token });
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    });

    it.each(
      fields.flatMap((field) => BAD_VALUES.map(([title, value]) => ({ field, title, value }))),
    )('$field as $title is refused by name', async ({ field, value }) => {
      const json = { ...good(fields), [field]: value };
      const answer = await app.http.call(method, path, { token, json });
      expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
      const errors = answer.body.errors as { field: string; messages: string[] }[];
      expect(errors.map((error) => error.field)).toEqual([field]);
      expect(JSON.stringify(answer.body)).not.toContain('zzzz');
    });
  });

  it.each(ROUTES.slice(0, 2).concat(ROUTES.slice(3)))(
    'no body to $method $path names the missing fields',
    async ({ method, path, fields }) => {
      const required = fields.filter((field) => field !== 'displayName');
      for (const call of [{}, { raw: '' }, { json: {} }]) {
        const answer = await app.http.call(method, path, { ...call, token });
        expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
        const errors = answer.body.errors as { field: string }[];
        expect(errors.map((error) => error.field).sort()).toEqual([...required].sort());
      }
    },
  );

  it.each([
    ['x@localhost', 'must have a domain with a dot'],
    ['a b@example.com', 'must not contain spaces or control characters'],
    ['a@b.co\n.uk', 'must not contain spaces or control characters'],
    ['@example.com', 'must have a name before its @'],
    ['ä@example.com', 'must be in ASCII characters, an international domain in its xn-- form'],
    ['a@exämple.com', 'must be in ASCII characters, an international domain in its xn-- form'],
    ['', 'must not be empty'],
    [7, 'must be a string'],
  ])('%j is refused as an e-mail address for the reason that applies', async (email, problem) => {
    const json = { email, password: PASSWORD };
    for (const path of ['/api/auth/register', '/api/auth/login']) {
      const { status, body } = await app.http.post(path, { json });
      expect([status, body.code, body.errors]).toEqual([
        400,
        'validation_failed',
        [{ field: 'email', messages: [`email ${problem}`] }],
      ]);
    }
  });

  it.each(['/api/auth/%zz', '/api/auth/profile%00', '/%', '/api/auth/..%2f..%2fetc', '/api'])(
    'the address %s has no route',
    async (path) => {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(answer).toMatch(/content-type: application\/problem\+json/i);
    },
  );

  it.each([
    ['a garbage request line', 'GARBAGE\r\n\r\n', 400],
    [
      'a bad content length',
      'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
      400,
    ],
    [
      'two content lengths',
      'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      400,
    ],
    [
      'a header too large',
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
  ])('%s is answered as a problem', async (_, request, status) => {
    const answer = await raw(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    expect(answer).toContain('"code":"malformed_request"');
  });

  it('no body to PUT /api/auth/profile is refused', async () => {
    const answer = await app.http.put('/api/auth/profile', { token });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
  });

  /** Sends bytes unchanged and reads until the server closes the connection. */
  async function raw(request: string): Promise<string> {
    const { hostname, port } = new URL(app.http.origin);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.write(request);
    await once(socket, 'close');
    return answer;
  }
});
