import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { startTestApp, type TestApp } from '../support/app';
import { RawConnection } from '../support/raw-connection';

const SITE = 'https://app.example.com';
const APP = 'capacitor://localhost';

/** An answer as it was received. */
interface RawAnswer {
  status: number;
  headers: Headers;
  body: string;
}

function parse(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = new Headers(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(line.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}

describe.each([
  ['without CORS', {}],
  ['with CORS', { CORS_ORIGINS: `${SITE},${APP}` }],
])('every answer, %s,', (_title, env: Record<string, string>) => {
  let app: TestApp;
  let user: AuthResultDto;

  beforeAll(async () => {
    app = await startTestApp({ env: { ...env, HSTS: '365d' } });
    user = await app.register();
  });

  afterAll(() => app.close());

  /** Sends bytes unchanged and reads until the server closes the connection. */
  async function raw(request: string): Promise<RawAnswer> {
    const connection = await RawConnection.open(Number(new URL(app.http.origin).port));
    connection.send(request);
    await connection.untilClosed();
    return parse(connection.received);
  }

  const message = (line: string, ...headers: string[]) =>
    [line, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n');

  function expectOurs({ headers }: Pick<RawAnswer, 'headers'>): void {
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-request-id': expect.stringMatching(/^[\w.:-]+$/) as unknown,
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'") as unknown,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
    });
  }

  function expectProblem(answer: RawAnswer, status: number, code: string): void {
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    expectOurs(answer);
    const problem = JSON.parse(answer.body) as Record<string, unknown>;
    expect(problem).toMatchObject({ status, code, type: `urn:latchkey:problem:${code}` });
    expect(problem.requestId).toBe(answer.headers.get('x-request-id'));
  }

  it.each<[what: string, request: string, status: number, code: string]>([
    ['an unknown path', message('GET /nowhere HTTP/1.1'), 404, 'not_found'],
    ['OPTIONS of an unknown path', message('OPTIONS /nowhere HTTP/1.1'), 404, 'not_found'],
    ['OPTIONS of the server', message('OPTIONS * HTTP/1.1'), 404, 'not_found'],
    ['a target without a slash', message('GET *api/auth/verify HTTP/1.1'), 404, 'not_found'],
    ['a target of another scheme', message('GET x://y/metrics HTTP/1.1'), 404, 'not_found'],
    [
      'plain OPTIONS of a known path',
      message('OPTIONS /api/auth/profile HTTP/1.1'),
      405,
      'method_not_allowed',
    ],
    [
      'OPTIONS with an origin and without a requested method',
      message('OPTIONS /api/auth/profile HTTP/1.1', `Origin: ${SITE}`),
      405,
      'method_not_allowed',
    ],
    [
      'a preflight of an origin that is not listed',
      message(
        'OPTIONS /api/auth/profile HTTP/1.1',
        'Origin: https://evil.example',
        'Access-Control-Request-Method: GET',
      ),
      405,
      'method_not_allowed',
    ],
    ['a path that cannot be decoded', message('GET /% HTTP/1.1'), 400, 'malformed_request'],
    ['another one', message('POST /api/auth/%zz HTTP/1.1'), 400, 'malformed_request'],
    [
      'a path parameter without an end',
      message(`DELETE /api/auth/sessions/${'x'.repeat(5000)} HTTP/1.1`),
      404,
      'not_found',
    ],
    ['a target too long', message(`GET /${'x'.repeat(20_000)} HTTP/1.1`), 431, 'malformed_request'],
    [
      'headers too large',
      message('GET /health/live HTTP/1.1', `X-A: ${'x'.repeat(20_000)}`),
      431,
      'malformed_request',
    ],
    ['an unknown method', message('FOO /health/live HTTP/1.1'), 400, 'malformed_request'],
    ['a malformed request line', 'GARBAGE\r\n\r\n', 400, 'malformed_request'],
    ['a version of the future', message('GET / HTTP/3.0'), 400, 'malformed_request'],
    ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
    ['two Hosts', message('GET /health/live HTTP/1.1', 'Host: y'), 400, 'malformed_request'],
    [
      'a transfer encoding that is not known',
      message('POST /api/auth/login HTTP/1.1', 'Transfer-Encoding: gzip, chunked'),
      400,
      'malformed_request',
    ],
    ['HTTP/1.0', 'GET /api/auth/profile HTTP/1.0\r\n\r\n', 401, 'token_missing'],
    [
      'an expectation that is not known',
      message('GET /api/auth/profile HTTP/1.1', 'Expect: the-unexpected'),
      401,
      'token_missing',
    ],
    [
      'a bad cursor',
      message('GET /api/auth/sessions?cursor=x HTTP/1.1', 'Authorization: Bearer TOKEN'),
      400,
      'malformed_request',
    ],
    [
      'a body that is no JSON',
      `${message('POST /api/auth/login HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 1')}{`,
      400,
      'malformed_json',
    ],
    [
      'a body of no type',
      `${message('POST /api/auth/login HTTP/1.1', 'Content-Length: 1')}{`,
      415,
      'unsupported_media_type',
    ],
    [
      'a body of a malformed type',
      `${message('POST /api/auth/login HTTP/1.1', 'Content-Type: x', 'Content-Length: 1')}{`,
      415,
      'unsupported_media_type',
    ],
    [
      'a length that a chunked body does not have',
      message('POST /api/auth/login HTTP/1.1', 'Content-Length: -1'),
      400,
      'malformed_request',
    ],
    ['QUERY', message('QUERY /api/auth/profile HTTP/1.1'), 405, 'method_not_allowed'],
    ['a file that is not there', message('GET /docs/nothing.css HTTP/1.1'), 404, 'not_found'],
    [
      'a range beyond a file',
      message('GET /docs/swagger-ui.css HTTP/1.1', 'Range: bytes=99999999-'),
      400,
      'malformed_request',
    ],
    [
      'another version of a file',
      message('GET /docs/swagger-ui.css HTTP/1.1', 'If-Match: "x"'),
      400,
      'malformed_request',
    ],
  ])('to %s is a problem with a request id and security headers', async (...row) => {
    const [, request, status, code] = row;
    const answer = await raw(request.replace('TOKEN', user.accessToken));
    expectProblem(answer, status, code);
  });

  it('with a listed origin, to a preflight, has its request id and security headers too', async () => {
    for (const origin of [SITE, APP]) {
      const answer = await raw(
        message(
          'OPTIONS /api/auth/profile HTTP/1.1',
          `Origin: ${origin}`,
          'Access-Control-Request-Method: PUT',
        ),
      );
      expectOurs(answer);
      const isListed = env.CORS_ORIGINS !== undefined;
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual(
        isListed ? [204, origin] : [405, null],
      );
    }
  });

  it('to a preflight of unclear framing is a refusal, and the bytes behind it are not executed', async () => {
    const logout = `POST /api/auth/logout HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.accessToken}\r\nContent-Length: 0\r\n\r\n`;
    const framing = ['Transfer-Encoding: gzip, chunked'];
    const preflight = [`Origin: ${SITE}`, 'Access-Control-Request-Method: PUT'];
    for (const target of ['OPTIONS /api/auth/profile', 'GET *api/auth/verify']) {
      const head = [`${target} HTTP/1.1`, 'Host: x', ...preflight, ...framing, '', ''].join('\r\n');
      const answer = await raw(`${head}0\r\n\r\n${logout}`);
      expect([target, answer.status]).toEqual([target, 400]);
      const verified = await app.http.get('/api/auth/verify', { token: user.accessToken });
      expect(verified.status).toBe(200);
    }
  });

  describe('to a method that a known path does not support', () => {
    it.each([
      ['POST', '/api/auth/profile', 'DELETE, GET, HEAD, PUT'],
      ['DELETE', '/api/auth/login', 'POST'],
      ['GET', '/api/auth/login', 'POST'],
      ['HEAD', '/api/auth/login', 'POST'],
      ['GET', '/api/auth/profile/password', 'PUT'],
      ['PATCH', '/api/auth/sessions', 'DELETE, GET, HEAD'],
      ['GET', '/api/auth/sessions/0f8fad5b-d9cb-469f-a165-70867728950e', 'DELETE'],
      ['GET', '/api/auth/sessions/not-an-id?x=/y', 'DELETE'],
      ['PUT', '/api/admin/users/0f8fad5b-d9cb-469f-a165-70867728950e', 'DELETE, GET, HEAD, PATCH'],
      ['POST', '/api/admin/users/x/sessions', 'DELETE, GET, HEAD'],
      ['POST', '/api/auth/health', 'GET, HEAD'],
      ['POST', '/health/live', 'GET, HEAD'],
      ['DELETE', '/health/ready', 'GET, HEAD'],
      ['POST', '/metrics', 'GET, HEAD'],
      ['PATCH', '/', 'GET, HEAD'],
      ['PUT', '/docs', 'GET, HEAD'],
      ['POST', '/docs/openapi.json', 'GET, HEAD'],
      ['POST', '/.well-known/jwks.json', 'GET, HEAD'],
      ['POST', '/.well-known/security.txt', 'GET, HEAD'],
      ['DELETE', '/avatars/x.webp', 'GET, HEAD'],
      ['OPTIONS', '/health/live', 'GET, HEAD'],
      ['PROPFIND', '/health/live', 'GET, HEAD'],
      ['PURGE', '/health/live', 'GET, HEAD'],
      ['TRACE', '/health/live', 'GET, HEAD'],
    ])('%s %s is 405 with Allow: %s, without a token', async (method, path, allow) => {
      const answer = await raw(message(`${method} ${path} HTTP/1.1`));
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
      expectOurs(answer);
      if (method === 'HEAD') {
        expect(answer.body).toBe('');
      } else {
        expectProblem(answer, 405, 'method_not_allowed');
      }
    });

    it('is 405 for any body', async () => {
      const { status, body } = await app.http.put('/api/auth/login', { raw: '{' });
      expect([status, body.code]).toEqual([405, 'method_not_allowed']);
    });

    it.each([
      ['GET', '/api/auth'],
      ['GET', '/api/auth/profile/'],
      ['POST', '/API/auth/login'],
      ['DELETE', '/api/auth/sessions/'],
      ['POST', '/api/auth/sessions/a/b'],
      ['GET', '/health'],
      ['PATCH', '/nowhere'],
    ])('%s %s is 404: the path is unknown', async (method, path) => {
      const answer = await app.http.call(method, path);
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
      expect(answer.body.detail).toBe('No route matches this method and path.');
      expect(answer.headers.get('allow')).toBeNull();
    });
  });
});
