import { AdminService } from '../../libs/auth';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { startTestApp, type TestApp } from '../support/app';

/** The record alone refuses: Redis has lost the revocation. */
describe('a refresh after a revocation that Redis has forgotten', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(async () => {
    await app.close();
  });

  /** The session and its refresh tokens in the record. */
  async function recordOf(sessionId: string): Promise<unknown> {
    return app.database.sql.query(
      `SELECT session.expires_at, session.tokens_expire_at, session.last_seen_at,
              session.revoked_reason, token.id, token.used_at, token.successor_id
         FROM sessions session JOIN refresh_tokens token ON token.session_id = session.id
        WHERE session.id = $1 ORDER BY token.id`,
      [sessionId],
    );
  }

  const revocations: [string, (login: AuthResultDto) => Promise<unknown>][] = [
    ['logout', ({ accessToken: token }) => app.http.post('/api/auth/logout', { token })],
    ['logout-all', ({ accessToken: token }) => app.http.post('/api/auth/logout-all', { token })],
    [
      'signing the device out',
      ({ accessToken: token, session }) =>
        app.http.call('DELETE', `/api/auth/sessions/${session.id}`, { token }),
    ],
    ['an administrator', ({ user }) => app.nest.get(AdminService).revokeSessions(user.id)],
  ];

  it.each(revocations)('by %s is refused and changes nothing', async (_, revoke) => {
    const login = await app.register();
    await revoke(login);
    const before = await recordOf(login.session.id);
    await app.redis.client.flushall();
    app.clock.advance(1000);
    const refused = await app.http.post<{ code: string }>('/api/auth/refresh', {
      json: { refreshToken: login.refreshToken },
    });
    expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
    expect(before).toHaveLength(1);
    expect(await recordOf(login.session.id)).toEqual(before);
  });
});
