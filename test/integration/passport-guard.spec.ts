import { Controller, Get, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Authenticated } from '../../libs/auth';
import { CurrentSession, JWT_SESSION_STRATEGY, Public } from '../../libs/http';
import { startTestApp, type TestApp } from '../support/app';

/** Open to everybody, as far as the guard of the application is concerned. */
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

  it('lets a live session in, and tells the handler whose it is', async () => {
    const { accessToken: token, user, session } = await app.register();
    const { status, body } = await app.http.get('/api/whose', { token });
    expect([status, body]).toEqual([200, { userId: user.id, sessionId: session.id }]);
  });

  it('refuses a session that has ended, and says so as every other route does', async () => {
    const { accessToken: token } = await app.register();
    expect((await app.http.post('/api/auth/logout', { token })).status).toBe(204);
    const refused = await app.http.get('/api/whose', { token });
    expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
  });

  it('refuses who comes without a token, or with none of ours', async () => {
    const [missing, invalid] = [
      await app.http.get('/api/whose'),
      await app.http.get('/api/whose', { token: 'not.a.token' }),
    ];
    expect([missing.status, missing.body.code]).toEqual([401, 'token_missing']);
    expect([invalid.status, invalid.body.code]).toEqual([401, 'token_invalid']);
  });
});
