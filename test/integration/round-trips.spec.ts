import { randomUUID } from 'node:crypto';
import { SyncTimings } from '../../libs/sync';
import { startTestApp, type TestApp } from '../support/app';
import { CommandCounter } from '../support/command-counter';
import { inTurns } from '../support/in-turns';
import { insertSessions } from '../support/session-rows';
import { Sessions } from '../support/sessions';

const ONE = ['evalsha'];
const DAY_MS = 86_400_000;

describe('round trips to Redis, counted on the wire', () => {
  let app: TestApp;
  let sessions: Sessions;
  let counter: CommandCounter;

  beforeAll(async () => {
    // The synchroniser repeats changes of the outbox. It must not do so while we count.
    const timings = {
      ...new SyncTimings(),
      intervalMs: DAY_MS,
      outboxDeadlineMs: DAY_MS,
      leaseMs: DAY_MS,
    };
    app = await startTestApp({ timings, env: { MAX_SESSIONS_PER_USER: '10000' } });
    sessions = new Sessions(app.nest);
    // A connection sends a script's text once, the first time; that is one round trip too, but the
    // tests below look at the usual case.
    const { accessToken } = await app.register();
    await app.http.get('/api/auth/profile', { token: accessToken });
    await app.http.post('/api/auth/logout', { token: accessToken });
    const again = await app.register();
    await app.http.post('/api/auth/logout-all', { token: again.accessToken });
    counter = await CommandCounter.start(app.redis.url);
  });

  afterAll(async () => {
    counter.stop();
    await app.close();
  });

  async function openSessions(count: number) {
    const userId = randomUUID();
    const generation = await sessions.generationOf(userId);
    const { session } = await sessions.open({ userId, role: 'user', generation });
    const ids = await insertSessions(app.database, userId, count - 1, Date.now() + DAY_MS);
    await inTurns(ids.length, 20, (index) => sessions.verify(userId, ids[index]!));
    return session;
  }

  it('an authenticated profile read on a hit takes one', async () => {
    const { accessToken } = await app.register();
    const read = () => app.http.get('/api/auth/profile', { token: accessToken });
    await read();
    let cache: string | null = null;
    const commands = await counter.during(async () => {
      cache = (await read()).headers.get('x-cache');
    });
    expect(cache).toBe('HIT');
    expect(commands).toEqual(ONE);
  });

  it('an authenticated profile read on a hit sends nothing to Postgres', async () => {
    const { accessToken } = await app.register();
    await app.http.get('/api/auth/profile', { token: accessToken });
    const { sql } = app.database;
    const runner = sql.createQueryRunner();
    await runner.startTransaction();
    await runner.query('LOCK TABLE users, sessions, subjects IN ACCESS EXCLUSIVE MODE');
    try {
      const hit = await app.http.get('/api/auth/profile', { token: accessToken });
      expect([hit.status, hit.headers.get('x-cache')]).toEqual([200, 'HIT']);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it.each([1, 1000])('verify takes one with %i sessions', async (count) => {
    const { userId, id } = await openSessions(count);
    expect(await counter.during(() => sessions.verify(userId, id))).toEqual(ONE);
  });

  it.each([1, 1000])('open takes one with %i sessions', async (count) => {
    const { userId, generation } = await openSessions(count);
    const open = () => sessions.open({ userId, role: 'user', generation });
    expect(await counter.during(open)).toEqual(ONE);
  });

  it.each([1, 1000])('revoke takes one with %i sessions', async (count) => {
    const session = await openSessions(count);
    expect(await counter.during(() => sessions.logout(session))).toEqual(ONE);
    await expect(sessions.verify(session.userId, session.id)).rejects.toThrow('revoked');
  });

  it.each([1, 100])('revoke-all takes one with %i sessions and reports them', async (count) => {
    const { userId, id } = await openSessions(count);
    let revoked = 0;
    const commands = await counter.during(async () => {
      revoked = await sessions.revokeAll(userId);
    });
    expect(commands).toEqual(ONE);
    expect(revoked).toBe(count);
    await expect(sessions.verify(userId, id)).rejects.toThrow('revoked');
  });
});
