import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import { SessionActivation } from '../../../libs/session/open/session-activation';
import { startTestApp, type TestApp } from '../../support/app';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LOGOUT = '/api/auth/logout';
const PASSWORD_JSON = { currentPassword: 'correct horse battery staple' };

/** When a token expires, Unix time in ms. */
function expiryOf({ accessToken }: AuthResultDto): number {
  const [, payload] = accessToken.split('.') as [string, string];
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number };
  return exp * 1000;
}

/** Two instances while JWT_EXPIRES_IN is changed from one to the next. */
describe('a tombstone', () => {
  let short: TestApp;
  let long: TestApp;

  beforeAll(async () => {
    short = await startTestApp({ env: { JWT_EXPIRES_IN: '15m', MAX_SESSIONS_PER_USER: '4' } });
    long = await startTestApp({ beside: short, env: { JWT_EXPIRES_IN: '12h' } });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  afterAll(async () => {
    await long.close();
    await short.close();
  });

  async function refresh(app: TestApp, { refreshToken }: AuthResultDto): Promise<AuthResultDto> {
    const answer = await app.http.post<AuthResultDto>('/api/auth/refresh', {
      json: { refreshToken },
    });
    expect(answer.status).toBe(200);
    return answer.body;
  }

  async function logout(app: TestApp, { accessToken: token }: AuthResultDto): Promise<void> {
    expect((await app.http.post(LOGOUT, { token })).status).toBe(204);
  }

  /** The remaining milliseconds of the tombstone, which must outlive all tokens of the session. */
  async function lifeOf(issued: AuthResultDto[]): Promise<number> {
    const [{ user, session }] = issued as [AuthResultDto];
    const key = `blacklist:{${user.id}}:${session.id}`;
    const endsAtMs = Date.now() + (await short.redis.client.pttl(key));
    for (const one of issued) {
      expect(endsAtMs).toBeGreaterThan(expiryOf(one) + MINUTE_MS / 2);
    }
    return endsAtMs - Date.now();
  }

  const expectShort = (lifeMs: number) => expect(lifeMs).toBeLessThanOrEqual(16 * MINUTE_MS);
  const expectLong = (lifeMs: number) => {
    expect(lifeMs).toBeGreaterThan(12 * HOUR_MS);
    expect(lifeMs).toBeLessThanOrEqual(12 * HOUR_MS + 2 * MINUTE_MS);
  };

  it('lasts as long as an access token, not as its session', async () => {
    const issued = await short.register();
    await logout(short, issued);
    expectShort(await lifeOf([issued]));
  });

  it.each([
    ['logout-all', (token: string) => short.http.post('/api/auth/logout-all', { token })],
    [
      'the end of the account',
      (token: string) => short.http.delete('/api/auth/profile', { token, json: PASSWORD_JSON }),
    ],
    [
      'a place in the list of devices',
      async (token: string) => {
        const list = await short.http.get<{ sessions: { id: string }[] }>('/api/auth/sessions', {
          token,
        });
        const path = `/api/auth/sessions/${list.body.sessions[0]!.id}`;
        return short.http.delete(path, { token });
      },
    ],
  ])('lasts that long also after %s', async (_what, end) => {
    const issued = await short.register();
    expect((await end(issued.accessToken)).status).toBeLessThan(300);
    expectShort(await lifeOf([issued]));
  });

  it('lasts that long also for a session that was ended by the limit of sessions', async () => {
    const issued = await short.register();
    for (let other = 0; other < 4; other++) {
      await short.login(issued.user.email);
    }
    expectShort(await lifeOf([issued]));
  });

  it('outlives a token of an instance that issues longer ones', async () => {
    const opened = await long.register();
    await logout(short, opened);
    expectLong(await lifeOf([opened]));
  });

  it('outlives every token of a session that both have refreshed', async () => {
    const opened = await short.register();
    const byLong = await refresh(long, opened);
    const byShort = await refresh(short, byLong);
    await logout(short, byShort);
    expectLong(await lifeOf([opened, byLong, byShort]));
  });

  it('outlives the token of a pair that the other instance has issued again', async () => {
    const opened = await short.register();
    const first = await refresh(short, opened);
    const again = await refresh(long, opened);
    expect(again.refreshToken).toBe(first.refreshToken);
    await logout(short, first);
    expectLong(await lifeOf([opened, first, again]));
  });

  it('outlives the token of a refresh whose write to Redis is under way', async () => {
    const opened = await short.register();
    const activation = long.nest.get(SessionActivation);
    const original = activation.activate.bind(activation);
    jest.spyOn(activation, 'activate').mockImplementationOnce(async (...args) => {
      await logout(short, opened);
      return original(...args);
    });
    const { refreshToken } = opened;
    const answer = await long.http.post('/api/auth/refresh', { json: { refreshToken } });
    expect(answer.body.code).toBe('token_revoked');
    expectLong(await lifeOf([opened]));
  });

  it('outlives the token of a thief who used the refresh token first', async () => {
    const opened = await short.register();
    const headers = { 'user-agent': 'thief/1.0' };
    const { refreshToken } = opened;
    const json = { refreshToken };
    const stolen = await long.http.post<AuthResultDto>('/api/auth/refresh', { json, headers });
    const reused = await short.http.post('/api/auth/refresh', { json });
    expect(reused.body.code).toBe('token_revoked');
    expectLong(await lifeOf([opened, stolen.body]));
  });

  it('lasts as long as its session when its tokens are unknown', async () => {
    const opened = await short.register();
    await short.database.sql.query('UPDATE sessions SET tokens_expire_at = NULL WHERE id = $1', [
      opened.session.id,
    ]);
    await logout(short, opened);
    expect(await lifeOf([opened])).toBeGreaterThan(23 * HOUR_MS);
  });

  it('of a session whose tokens have all expired lasts a minute', async () => {
    const opened = await short.register();
    await short.database.sql.query(
      `UPDATE sessions SET tokens_expire_at = now() - interval '1 hour' WHERE id = $1`,
      [opened.session.id],
    );
    await logout(short, opened);
    const key = `blacklist:{${opened.user.id}}:${opened.session.id}`;
    const leftMs = await short.redis.client.pttl(key);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(MINUTE_MS);
  });

  it('is written by the outbox for the same time', async () => {
    const opened = await long.register();
    await logout(short, opened);
    const [entry] = await short.database.sql.query<[{ details: { expiresAtMs: number } }]>(
      `SELECT details FROM outbox WHERE details->>'sessionId' = $1`,
      [opened.session.id],
    );
    expect(Math.abs(entry.details.expiresAtMs - expiryOf(opened))).toBeLessThan(1000);
  });
});
