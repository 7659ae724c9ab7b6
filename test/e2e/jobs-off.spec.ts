import { startTestApp, type TestApp } from '../support/app';
import { sessionField } from '../support/stored-session';

const DAY_MS = 86_400_000;

describe('without any job', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { JOBS_ENABLED: 'false', JWT_EXPIRES_IN: '60d' } });
  });

  afterAll(async () => {
    await app.close();
  });

  it('an expired session is refused at once, though its record exists', async () => {
    const { accessToken: token, refreshToken, user, session } = await app.register();
    const recorded = () =>
      app.database.sql.query<unknown[]>('SELECT FROM sessions WHERE id = $1', [session.id]);
    expect((await app.http.get('/api/auth/profile', { token })).status).toBe(200);

    app.clock.advance(DAY_MS);
    const read = await app.http.get<{ code: string }>('/api/auth/profile', { token });
    expect([read.status, read.body.code]).toEqual([401, 'token_expired']);
    const json = { refreshToken };
    const refreshed = await app.http.post<{ code: string }>('/api/auth/refresh', { json });
    expect([refreshed.status, refreshed.body.code]).toEqual([401, 'token_expired']);
    const field = sessionField(session.id);
    expect(await app.redis.client.hexists(`session:{${user.id}}`, field)).toBe(1);
    const other = await app.login(user.email);
    const list = await app.http.get<{ sessions: { id: string }[] }>('/api/auth/sessions', {
      token: other.accessToken,
    });
    expect(list.body.sessions.map(({ id }) => id)).toEqual([other.session.id]);

    expect(await recorded()).toHaveLength(1);
  });
});
