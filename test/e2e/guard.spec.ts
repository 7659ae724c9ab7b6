import { Controller, Get, Post } from '@nestjs/common';
import { type Authenticated } from '../../libs/auth';
import { CurrentSession, Public, ReadsProfile } from '../../libs/http';
import { startTestApp, type TestApp } from '../support/app';
import { OpenApi } from '../support/open-api';

@Controller('plain')
class PlainController {
  @Get()
  undecorated() {
    return { reached: true };
  }

  @Public()
  @Get('open')
  open() {
    return { reached: true };
  }

  @Get('who')
  who(@CurrentSession() { session, cachedProfile }: Authenticated) {
    return { session, cachedProfile };
  }

  @ReadsProfile()
  @Get('who-with-profile')
  whoWithProfile(@CurrentSession() { cachedProfile }: Authenticated) {
    return { cachedProfile };
  }

  @Public()
  @Get('misplaced')
  misplaced(@CurrentSession() { session }: Authenticated) {
    return session;
  }
}

@Public()
@Controller('lobby')
class LobbyController {
  @Get()
  undecorated() {
    return { reached: true };
  }

  @Post()
  create() {
    return { reached: true };
  }
}

class ProtectedBase {
  @Get('inherited')
  inherited() {
    return { reached: true };
  }
}

/** Not public: a decorator of a sibling class or of another controller has no effect here. */
@Controller('heir')
class HeirController extends ProtectedBase {}

const CONTROLLERS = [PlainController, LobbyController, HeirController];

/** The public routes of the product. Every other route must require a token. */
const PUBLIC_ROUTES = new Set([
  'POST /api/auth/register',
  'POST /api/auth/login',
  'POST /api/auth/refresh',
  'POST /api/auth/introspect',
  'POST /api/auth/revoke',
  'GET /api/auth/revocations',
  'PUT /api/auth/sessions/{id}/attributes',
  'GET /api/auth/health',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /avatars/{file}',
]);

const PUBLIC_IN_THIS_TEST = new Set([
  'GET /api/plain/open',
  'GET /api/plain/misplaced',
  'GET /api/lobby',
  'POST /api/lobby',
]);

const CHALLENGE = 'Bearer realm="latchkey"';

describe('the guard', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ more: { controllers: CONTROLLERS } });
  });

  afterAll(async () => {
    await app.close();
  });

  async function documentedRoutes(): Promise<string[]> {
    return (await OpenApi.read(app.http)).routes.map(({ name }) => name);
  }

  it.each(['/api/plain', '/api/plain/who', '/api/heir/inherited'])(
    'protects %s, which has no decorator',
    async (path) => {
      const refused = await app.http.get(path);
      expect([refused.status, refused.body.code]).toEqual([401, 'token_missing']);
      expect(refused.headers.get('www-authenticate')).toBe(CHALLENGE);
      expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);

      const { accessToken } = await app.register();
      expect((await app.http.get(path, { token: accessToken })).status).toBe(200);
    },
  );

  it('refuses the token of a session that was signed out', async () => {
    const { accessToken } = await app.register();
    await app.http.post('/api/auth/logout', { token: accessToken });
    const refused = await app.http.get('/api/plain', { token: accessToken });
    expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
  });

  it.each([
    ['GET', '/api/plain/open'],
    ['GET', '/api/lobby'],
    ['POST', '/api/lobby'],
  ])('opens %s %s, marked by its method or its class', async (method, path) => {
    const answer = await app.http.call(method, path);
    expect(answer.status).toBe(method === 'POST' ? 201 : 200);
    expect(answer.body).toEqual({ reached: true });
  });

  it('does not read a token on a public route', async () => {
    expect((await app.http.get('/api/plain/open', { token: 'nonsense' })).status).toBe(200);
  });

  it('gives a controller the session, and the cached profile only where it declares it', async () => {
    const { accessToken: token, session, user } = await app.register();
    const who = await app.http.get('/api/plain/who', { token });
    expect(who.body).toEqual({
      session: {
        id: session.id,
        userId: user.id,
        role: 'user',
        generation: 1,
        expiresAtMs: Date.parse(session.expiresAt),
      },
      cachedProfile: null,
    });

    await app.http.get('/api/auth/profile', { token });
    expect((await app.http.get('/api/plain/who', { token })).body.cachedProfile).toBeNull();
    const along = await app.http.get('/api/plain/who-with-profile', { token });
    expect(along.body.cachedProfile).toContain(user.email);
  });

  it('throws for the session on a public route', async () => {
    const { accessToken: token } = await app.register();
    const answer = await app.http.get('/api/plain/misplaced', { token });
    expect([answer.status, answer.body.code]).toEqual([500, 'internal_error']);
  });

  it('requires a token on every documented route except the public ones', async () => {
    const routes = await documentedRoutes();
    expect(routes).toEqual(expect.arrayContaining([...PUBLIC_ROUTES, ...PUBLIC_IN_THIS_TEST]));
    const closed = routes.filter(
      (route) => !PUBLIC_ROUTES.has(route) && !PUBLIC_IN_THIS_TEST.has(route),
    );
    expect(closed).toEqual(expect.arrayContaining(['POST /api/auth/logout', 'GET /api/plain']));
    const answers = await Promise.all(
      closed.map(async (route) => {
        const [method = '', path = ''] = route.split(' ');
        const { status, body } = await app.http.call(method, withParameters(path));
        return [route, status, body.code];
      }),
    );
    expect(answers).toEqual(closed.map((route) => [route, 401, 'token_missing']));
  });

  it('never requires a token on the public ones', async () => {
    for (const route of PUBLIC_ROUTES) {
      const [method = '', path = ''] = route.split(' ');
      const { body } = await app.http.call(method, path);
      expect([route, (body as { code?: string } | undefined)?.code]).not.toContain('token_missing');
    }
  });

  it('requires the token before it reads the body', async () => {
    const refused = await app.http.put('/api/auth/profile', { json: { bio: 5, more: true } });
    expect([refused.status, refused.body.code]).toEqual([401, 'token_missing']);
  });
});

/** A path template with a value for each parameter. */
function withParameters(path: string): string {
  return path.replace(/\{[^}]+\}/g, '00000000-0000-4000-8000-000000000000');
}
