import { LastSeenTracker } from '../../../libs/session/verify/last-seen.tracker';
import { startTestApp, type TestApp } from '../../support/app';
import { TcpProxy } from '../../support/tcp-proxy';
import { keys } from '../../support/keys';

const MINUTE_MS = 60_000;

describe('a session with an idle time-out of 15 minutes', () => {
  let app: TestApp;
  let wire: TcpProxy;
  /** Of the same stores, without a time-out. */
  let without: TestApp;

  beforeAll(async () => {
    without = await startTestApp();
    wire = await TcpProxy.start(Number(new URL(without.database.url).port));
    app = await startTestApp({
      beside: without,
      env: { SESSION_IDLE_TIMEOUT: '15m' },
      postgresPort: wire.port,
    });
  });

  afterEach(() => wire.restore());

  afterAll(async () => {
    await app.close();
    await without.close();
    wire.stop();
  });

  async function verify(token: string, at = app): Promise<string> {
    const { status, headers } = await at.http.get('/api/auth/verify', { token });
    return status === 401 ? (headers.get('www-authenticate') ?? '') : String(status);
  }

  async function wait(ms: number): Promise<void> {
    await app.nest.get(LastSeenTracker).flush();
    app.clock.advance(ms);
  }

  const EXPIRED = expect.stringContaining('has expired') as string;

  it('ends when it is not used, in Redis and in the record', async () => {
    const { accessToken: token, user, refreshToken } = await app.register();
    await wait(14.9 * MINUTE_MS);
    expect(await verify(token)).toBe('200');
    await wait(15 * MINUTE_MS);
    expect(await verify(token)).toEqual(EXPIRED);
    await app.redis.client.del(keys.sessions(user.id));
    expect(await verify(token)).toEqual(EXPIRED);
    const refreshed = await app.http.post('/api/auth/refresh', { json: { refreshToken } });
    expect([refreshed.status, refreshed.body.code]).toEqual([401, 'token_expired']);
  });

  it('lives while it is used, up to its expiry, exact to a minute', async () => {
    const { accessToken: token, session, user } = await app.register();
    const other = await app.login(user.email);
    // Every minute, so that most uses are not the first in their interval.
    for (let minute = 0; minute < 40; minute++) {
      expect(await verify(token)).toBe('200');
      await wait(MINUTE_MS - 500);
    }
    await wait(13 * MINUTE_MS);
    const list = await app.http.get<{ sessions: { id: string }[] }>('/api/auth/sessions', {
      token,
    });
    expect(list.status).toBe(200);
    expect(list.body.sessions.map(({ id }) => id)).toEqual([session.id]);
    expect(await verify(other.accessToken)).toEqual(EXPIRED);
    const revoked = await app.http.post('/api/auth/logout-all', { token });
    expect(revoked.body).toEqual({ revokedSessions: 1 });
  });

  it('is moved by a refresh, and by a restoration from the record', async () => {
    const { refreshToken, user } = await app.register();
    await wait(14 * MINUTE_MS);
    const { body } = await app.http.post<{ accessToken: string }>('/api/auth/refresh', {
      json: { refreshToken },
    });
    await wait(14 * MINUTE_MS);
    expect(await verify(body.accessToken)).toBe('200');
    await wait(14 * MINUTE_MS);
    await app.redis.client.del(keys.sessions(user.id));
    expect(await verify(body.accessToken)).toBe('200');
    await wait(14 * MINUTE_MS);
    expect(await verify(body.accessToken)).toBe('200');
  });

  it('lives while it is used, also while Postgres is away', async () => {
    const { accessToken: token } = await app.register();
    await wait(0);
    wire.cut();
    for (let turn = 0; turn < 4; turn++) {
      await wait(10 * MINUTE_MS);
      expect(await verify(token)).toBe('200');
    }
  });

  it('follows the setting when it is switched on or off', async () => {
    const opened = await without.register();
    without.clock.advance(20 * MINUTE_MS);
    app.clock.advance(20 * MINUTE_MS);
    // Switched on: the session was not used for 20 minutes.
    expect(await verify(opened.accessToken)).toEqual(EXPIRED);
    // Switched off: it lives.
    expect(await verify(opened.accessToken, without)).toBe('200');
  });

  it('sends nothing to the stores for a use within the interval', async () => {
    const { accessToken: token } = await app.register();
    expect(await verify(token)).toBe('200');
    const tracker = app.nest.get(LastSeenTracker);
    await tracker.flush();
    const due = tracker as unknown as { due: Map<string, unknown> };
    app.clock.advance(20_000);
    expect(await verify(token)).toBe('200');
    expect(due.due.size).toBe(0);
    app.clock.advance(6_000);
    expect(await verify(token)).toBe('200');
    expect(due.due.size).toBe(1);
  });
});
