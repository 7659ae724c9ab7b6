import { HealthTimings } from '../../apps/api/health/health-timings';
import { startTestApp, type TestApp } from '../support/app';
import { bruteForceStatistics } from '../support/statistics';

interface Health {
  status: string;
  redis: string;
  sessionStats: { activeSessions: number; cachedProfiles: number; blacklistedTokens: number };
}

describe('GET /api/auth/health', () => {
  let app: TestApp;

  beforeEach(async () => {
    app = await startTestApp();
    // Each answer counts again, so that it has the last change.
    app.nest.get(HealthTimings).cacheMs = 0;
  });

  afterEach(async () => {
    await app.close();
  });

  async function health(): Promise<Health> {
    const answer = await app.http.get<Health>('/api/auth/health');
    expect(answer.status).toBe(200);
    return answer.body;
  }

  it('answers in the shape of the document, and nothing more', async () => {
    expect(await health()).toEqual({
      status: 'OK',
      redis: 'connected',
      sessionStats: { activeSessions: 0, cachedProfiles: 0, blacklistedTokens: 0 },
    });
  });

  it('counts the existing entries, through every operation', async () => {
    const users = await Promise.all(Array.from({ length: 6 }, () => app.register()));
    const more = await Promise.all(users.map(({ user }) => app.login(user.email)));
    const read = (token: string) => app.http.get('/api/auth/profile', { token });
    await Promise.all(users.map(({ accessToken }) => read(accessToken)));
    expect((await health()).sessionStats).toEqual({
      activeSessions: 12,
      cachedProfiles: 6,
      blacklistedTokens: 0,
    });

    await app.http.post('/api/auth/logout', { token: users[0]!.accessToken });
    await read(more[0]!.accessToken);
    await app.http.post('/api/auth/logout-all', { token: users[1]!.accessToken });
    const json = { displayName: 'Ada' };
    await app.http.put('/api/auth/profile', { token: users[2]!.accessToken, json });
    await Promise.all(
      [1, 2, 3].map(() => app.http.post('/api/auth/logout', { token: users[3]!.accessToken })),
    );
    const { sessionStats } = await health();
    expect(sessionStats).toEqual({ activeSessions: 8, cachedProfiles: 3, blacklistedTokens: 4 });
    expect(sessionStats).toEqual(await bruteForceStatistics(app.redis.client, app.clock.nowMs()));
  });

  it('counts a session no longer than one minute past its end', async () => {
    await app.register();
    app.clock.advance(24 * 3600 * 1000 + 61_000);
    expect((await health()).sessionStats.activeSessions).toBe(0);
  });
});
