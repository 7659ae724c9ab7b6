import { Controller, Get, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Authenticated } from '../../libs/auth';
import { CurrentSession, JWT_SESSION_STRATEGY, Public } from '../../libs/http';
import { startTestApp, type TestApp } from '../support/app';

/** Public for the guard of the application. */
@Public()
@UseGuards(AuthGuard(JWT_SESSION_STRATEGY))
@Controller('whose')
class WhoseController {
  @Get()
  whose(@CurrentSession() { session }: Authenticated) {
    return { userId: session.userId, sessionId: session.id };
  }
}

describe("passport's own guard, with the strategy by its name", () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ more: { controllers: [WhoseController] } });
  });

  afterAll(async () => {
    await app.close();
  });

  it('admits a live session, and passes it to the handler', async () => {
    const { accessToken: token, user, session } = await app.register();
    const { status, body } = await app.http.get('/api/whose', { token });
    expect([status, body]).toEqual([200, { userId: user.id, sessionId: session.id }]);
  });

  it('refuses a session that has ended, with the problem of every other route', async () => {
    const { accessToken: token } = await app.register();
    expect((await app.http.post('/api/auth/logout', { token })).status).toBe(204);
    const refused = await app.http.get('/api/whose', { token });
    expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
  });

  it('refuses a request without a token, or with an invalid one', async () => {
    const [missing, invalid] = [
      await app.http.get('/api/whose'),
      await app.http.get('/api/whose', { token: 'not.a.token' }),
    ];
    expect([missing.status, missing.body.code]).toEqual([401, 'token_missing']);
    expect([invalid.status, invalid.body.code]).toEqual([401, 'token_invalid']);
  });
});
