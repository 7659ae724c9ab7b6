import { PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { SessionActivation } from '../../../libs/session/open/session-activation';
import { RedisSessionStore } from '../../../libs/session/store/redis-session.store';
import { SyncLeases } from '../../../libs/sync';
import { redisNowMs } from '../../support/redis-client';
import { sessionField } from '../../support/stored-session';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';
import { keys } from '../../support/keys';

/** Shorter than the lease, during which a write may be under way. */
const BLACKLIST_TTL_MS = 1_000;
const env = { BLACKLIST_TTL: '1s' };
const PROFILE = '/api/auth/profile';

describe('an instance that stalls while a session is revoked elsewhere', () => {
  let other: TestApp;
  let wire: TcpProxy;
  let stalled: TestApp;

  beforeAll(async () => {
    other = await startTestApp({ env });
    wire = await TcpProxy.start(Number(new URL(other.redis.url).port));
    stalled = await startTestApp({ beside: other, redisPort: wire.port, env });
  });

  beforeEach(async () => {
    wire.restore();
    // Also where the test before has emptied Redis.
    await until(
      'the instance has the epoch of the checkpoint',
      async () => ({
        epoch: stalled.nest.get(SyncLeases).at(0).epoch(),
        checkpoint: await other.redis.client.get(keys.checkpoint(0)),
      }),
      ({ epoch, checkpoint }) => epoch !== null && checkpoint?.startsWith(`${epoch}|`) === true,
    );
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  afterAll(async () => {
    wire.restore();
    await stalled.close();
    wire.stop();
    await other.close();
  });

  /** Runs work after the next transaction that opens or refreshes a session, before its write to Redis. */
  function beforeOpening(happens: () => Promise<void> | void): Promise<void> {
    const activation = stalled.nest.get(SessionActivation);
    const opened = activation.activate.bind(activation);
    return new Promise((resolve, reject) => {
      jest.spyOn(activation, 'activate').mockImplementationOnce(async (...args) => {
        await Promise.resolve(happens()).then(resolve, reject);
        return opened(...args);
      });
    });
  }

  const statusOf = async (token: string) => (await other.http.get(PROFILE, { token })).status;

  /** The state of Redis when the instance continues. */
  const WAYS = [
    ['with Redis hanging', () => wire.hang()],
    ['with Redis away', () => wire.cut()],
    ['with Redis there', () => undefined],
    ['with Redis having lost all', () => other.redis.client.flushall()],
  ] as const;

  it.each(WAYS)('answers a refresh with token_revoked, %s', async (_way, stall) => {
    const { accessToken: token, refreshToken } = await other.register();
    const revoked = beforeOpening(async () => {
      expect((await other.http.post('/api/auth/logout', { token })).status).toBe(204);
      await stall();
    });
    const answer = await stalled.http.post('/api/auth/refresh', { json: { refreshToken } });
    await revoked;
    expect([answer.status, answer.body.code]).toEqual([401, 'token_revoked']);
  });

  it.each(WAYS)('starts a sign-in over, %s', async (_way, stall) => {
    const { accessToken: token, user } = await other.register();
    const revoked = beforeOpening(async () => {
      expect((await other.http.post('/api/auth/logout-all', { token })).status).toBe(200);
      await stall();
    });
    const json = { email: user.email, password: PASSWORD };
    const answer = await stalled.http.post<{ accessToken: string }>('/api/auth/login', { json });
    await revoked;
    expect(answer.status).toBe(200);
    expect(await statusOf(answer.body.accessToken)).toBe(200);
    const rows = await other.database.sql.query<unknown[]>(
      'SELECT FROM sessions WHERE user_id = $1 AND revoked_at IS NULL',
      [user.id],
    );
    expect(rows).toHaveLength(1);
  });

  it('finds the tombstone in time, also with a short BLACKLIST_TTL', async () => {
    const { accessToken: token, refreshToken, user, session } = await other.register();
    const { client } = other.redis;
    const opened = beforeOpening(async () => {
      expect((await other.http.post('/api/auth/logout', { token })).status).toBe(204);
      const endedMs = performance.now();
      await until(
        'the configured life of a tombstone is over',
        () => performance.now() - endedMs,
        (sinceMs) => sinceMs > BLACKLIST_TTL_MS,
      );
    });
    // The connection of the instance may be lost on a busy machine. That is not tested here.
    const syncLease = stalled.nest.get(SyncLeases).at(0);
    jest.spyOn(syncLease, 'current').mockReturnValue(syncLease.current());
    const answer = await stalled.http.post('/api/auth/refresh', { json: { refreshToken } });
    await opened;
    expect([answer.status, answer.body.code]).toEqual([401, 'token_revoked']);
    const field = sessionField(session.id);
    expect(await client.hexists(`session:{${user.id}}`, field)).toBe(0);
    expect(await statusOf(token)).toBe(401);
  });

  it('writes nothing once its lease has ended, without any other obstacle', async () => {
    const { refreshToken, user, session } = await other.register();
    const { client } = other.redis;
    const syncLease = stalled.nest.get(SyncLeases).at(0);
    const ended = { epoch: syncLease.epoch()!, writeUntilMs: (await redisNowMs(client)) - 1 };
    jest.spyOn(syncLease, 'current').mockReturnValue(ended);
    const sessions = `session:{${user.id}}`;
    await client.del(sessions);
    const open = jest.spyOn(stalled.nest.get(RedisSessionStore), 'open');
    const answer = await stalled.http.post('/api/auth/refresh', { json: { refreshToken } });
    expect(await open.mock.results[0]?.value).toBe('lease-ended');
    expect(answer.status).toBe(200);
    expect(await client.hexists(sessions, sessionField(session.id))).toBe(0);
  });

  it('answers a refresh with token_revoked, with Redis not in sync from the start', async () => {
    const { accessToken: token, refreshToken } = await other.register();
    jest.spyOn(stalled.nest.get(SyncLeases).at(0), 'current').mockReturnValue(null);
    const revoked = beforeOpening(async () => {
      expect((await other.http.post('/api/auth/logout', { token })).status).toBe(204);
    });
    const answer = await stalled.http.post('/api/auth/refresh', { json: { refreshToken } });
    await revoked;
    expect([answer.status, answer.body.code]).toEqual([401, 'token_revoked']);
  });

  it('answers with valid tokens when no session was revoked', async () => {
    const { refreshToken } = await other.register();
    const hung = beforeOpening(() => wire.hang());
    const answer = await stalled.http.post<{ accessToken: string }>('/api/auth/refresh', {
      json: { refreshToken },
    });
    await hung;
    expect(answer.status).toBe(200);
    expect(await statusOf(answer.body.accessToken)).toBe(200);
  });
});
