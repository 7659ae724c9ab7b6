import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionListDto } from '../../apps/api/session/session.dto';
import { AdminService } from '../../libs/auth';
import { LastSeenTracker } from '../../libs/session/verify/last-seen.tracker';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { insertSessions } from '../support/session-rows';

const DAY_MS = 86_400_000;
const SESSIONS = '/api/auth/sessions';
const FIREFOX =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0';

describe('devices', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { MAX_SESSIONS_PER_USER: '1000' } });
  });

  afterAll(async () => {
    await app.close();
  });

  async function list(token: string, query = '') {
    const answer = await app.http.get<SessionListDto>(`${SESSIONS}${query}`, { token });
    expect(answer.status).toBe(200);
    return answer.body;
  }

  it('are listed newest first, the current one marked, with readable names', async () => {
    const { user, accessToken: token, session } = await app.register();
    const json = { email: user.email, password: PASSWORD };
    const headers = { 'user-agent': FIREFOX };
    const login = await app.http.post<{ session: { id: string } }>('/api/auth/login', {
      json,
      headers,
    });
    const { sessions, nextCursor } = await list(token);
    expect(nextCursor).toBeNull();
    expect(sessions.map(({ id, current }) => [id, current])).toEqual([
      [login.body.session.id, false],
      [session.id, true],
    ]);
    expect(sessions[0]).toEqual({
      id: login.body.session.id,
      current: false,
      createdAt: expect.stringMatching(/Z$/) as string,
      lastSeenAt: expect.stringMatching(/Z$/) as string,
      expiresAt: expect.stringMatching(/Z$/) as string,
      ip: '127.0.0.1',
      userAgent: FIREFOX,
      device: 'Firefox on macOS',
    });
  });

  it('can be signed out one by one', async () => {
    const first = await app.register();
    const second = await app.login(first.user.email);
    const path = `${SESSIONS}/${second.session.id}`;
    const gone = await app.http.call('DELETE', path, { token: first.accessToken });
    expect(gone.status).toBe(204);
    const refused = await app.http.get('/api/auth/profile', { token: second.accessToken });
    expect(refused.body.code).toBe('token_revoked');
    expect((await list(first.accessToken)).sessions.map(({ id }) => id)).toEqual([
      first.session.id,
    ]);
    const again = await app.http.call('DELETE', path, { token: first.accessToken });
    expect(again.status).toBe(404);
  });

  it('of others are not found, nor are unknown or malformed ids', async () => {
    const [ours, theirs] = [await app.register(), await app.register()];
    const ids = [theirs.session.id, '3f2b8c1e-0000-4000-8000-000000000001', 'x', '%00', "1'--"];
    for (const id of ids) {
      const answer = await app.http.call('DELETE', `${SESSIONS}/${id}`, {
        token: ours.accessToken,
      });
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    }
    const alive = await app.http.get('/api/auth/profile', { token: theirs.accessToken });
    expect(alive.status).toBe(200);
  });

  it('are shown to no client without a session, nor to a disabled account', async () => {
    const { accessToken: token, user, session } = await app.register();
    await app.nest.get(AdminService).changeAccount(user.id, { disabled: true });
    for (const [method, path] of [
      ['GET', SESSIONS],
      ['DELETE', SESSIONS],
      ['DELETE', `${SESSIONS}/${session.id}`],
    ] as const) {
      const anonymous = await app.http.call(method, path);
      expect([anonymous.status, anonymous.body.code]).toEqual([401, 'token_missing']);
      const disabled = await app.http.call(method, path, { token });
      expect([disabled.status, disabled.body.code]).toEqual([401, 'token_revoked']);
    }
  });

  it('leave the list when they expire or are revoked', async () => {
    const { user, accessToken } = await app.register();
    await app.login(user.email);
    await app.http.post('/api/auth/logout-all', { token: accessToken });
    const { accessToken: token, session } = await app.login(user.email);
    expect((await list(token)).sessions.map(({ id }) => id)).toEqual([session.id]);
  });

  it('1,000 of one user are paged without loss or repetition, and revoked at once', async () => {
    const { user, accessToken: token, session } = await app.register();
    const others = await insertSessions(app.database, user.id, 999, Date.now() + DAY_MS);
    const ids = new Set([session.id, ...others]);
    expect(ids.size).toBe(1000);

    const seen: string[] = [];
    let created = Infinity;
    let cursor: string | null = null;
    do {
      const page: SessionListDto = await list(
        token,
        `?limit=150${cursor ? `&cursor=${cursor}` : ''}`,
      );
      for (const { id, createdAt } of page.sessions) {
        seen.push(id);
        expect(Date.parse(createdAt)).toBeLessThanOrEqual(created);
        created = Date.parse(createdAt);
      }
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toHaveLength(1000);
    expect(new Set(seen)).toEqual(ids);

    const revoked = await app.http.post('/api/auth/logout-all', { token });
    expect(revoked.body).toEqual({ revokedSessions: 1000 });
  });

  it('are all signed out but one in one step, however many', async () => {
    const { user, accessToken: token, session } = await app.register();
    const other = await app.login(user.email);
    await insertSessions(app.database, user.id, 598, Date.now() + DAY_MS);
    const revoked = await app.http.delete(SESSIONS, { token });
    expect([revoked.status, revoked.body]).toEqual([200, { revokedSessions: 599 }]);
    const refused = await app.http.get('/api/auth/profile', { token: other.accessToken });
    expect(refused.body.code).toBe('token_revoked');
    expect((await list(token)).sessions.map(({ id }) => id)).toEqual([session.id]);
    // The session goes on in every way, also from the record alone.
    await app.redis.client.flushall();
    expect((await app.http.get('/api/auth/profile', { token })).status).toBe(200);
    const { refreshToken } = await app.login(user.email);
    const rotated = await app.http.post('/api/auth/refresh', { json: { refreshToken } });
    expect(rotated.status).toBe(200);
    expect((await app.http.delete(SESSIONS, { token })).body).toEqual({ revokedSessions: 1 });
    expect((await app.http.delete(SESSIONS, { token })).body).toEqual({ revokedSessions: 0 });
    expect((await app.http.post('/api/auth/logout', { token })).status).toBe(204);
    expect((await app.http.delete(SESSIONS, { token })).status).toBe(401);
  });

  it.each(['?limit=0', '?limit=201', '?limit=x', '?limit=', '?cursor=x', '?page=2'])(
    'cannot be listed with %s',
    async (query) => {
      const { accessToken: token } = await app.register();
      const answer = await app.http.get(`${SESSIONS}${query}`, { token });
      const code = query.startsWith('?cursor') ? 'malformed_request' : 'validation_failed';
      expect([answer.status, answer.body.code]).toEqual([400, code]);
    },
  );

  it('are recorded as used, with one write a minute at most', async () => {
    const { accessToken: token } = await app.register();
    const tracker = app.nest.get(LastSeenTracker);
    const lastSeen = async () => {
      await tracker.flush();
      return Date.parse((await list(token)).sessions[0]!.lastSeenAt);
    };
    const signedIn = await lastSeen();
    app.clock.advance(30_000);
    expect(await lastSeen()).toBe(signedIn);
    app.clock.advance(31_000);
    await list(token);
    const later = await lastSeen();
    expect(later - signedIn).toBeGreaterThanOrEqual(60_000);
    app.clock.advance(30_000);
    await list(token);
    expect(await lastSeen()).toBe(later);
  });
});

describe('a limit of devices', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { MAX_SESSIONS_PER_USER: '3' } });
  });

  afterAll(async () => {
    await app.close();
  });

  async function recognised(tokens: string[]): Promise<boolean[]> {
    const answers = tokens.map((token) => app.http.get('/api/auth/verify', { token }));
    return (await Promise.all(answers)).map(({ status }) => status === 200);
  }

  it('ends the oldest at the next sign-in, and its token is refused', async () => {
    const logins = [await app.register()];
    for (let more = 0; more < 3; more++) {
      await sleep(2); // two sign-ins of one millisecond have no older one
      logins.push(await app.login(logins[0]!.user.email));
    }
    const tokens = logins.map(({ accessToken }) => accessToken);
    expect(await recognised(tokens)).toEqual([false, true, true, true]);
    const refused = await app.http.get('/api/auth/profile', { token: tokens[0]! });
    expect(refused.body.code).toBe('token_revoked');
  });

  it('holds when many sign in at once', async () => {
    const { user } = await app.register();
    const logins = await Promise.all(Array.from({ length: 12 }, () => app.login(user.email)));
    const alive = (await recognised(logins.map(({ accessToken }) => accessToken))).filter(Boolean);
    expect(alive).toHaveLength(3);
    const health = await app.http.get<{ sessionStats: { activeSessions: number } }>(
      '/api/auth/health',
    );
    expect(health.body.sessionStats.activeSessions).toBe(6);
  });
});
