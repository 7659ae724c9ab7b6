import { randomUUID } from 'node:crypto';
import { SessionRevokedError, SessionService, type Session } from '../../../libs/session';
import { SessionRecordStore } from '../../../libs/session/store/session-record.store';
import { RedisTrust } from '../../../libs/sync';
import { startTestApp, type TestApp } from '../../support/app';
import { until } from '../../support/until';

/** What the record was asked, as the product asks it. */
class RecordWatch {
  readonly batches: string[][] = [];
  running = 0;
  most = 0;

  constructor(record: SessionRecordStore) {
    const find = record.find.bind(record);
    jest.spyOn(record, 'find').mockImplementation(async (ids, nowMs) => {
      this.batches.push([...ids]);
      this.running += 1;
      this.most = Math.max(this.most, this.running);
      return find(ids, nowMs).finally(() => (this.running -= 1));
    });
  }
}

describe('sessions that Redis does not know', () => {
  let app: TestApp;
  let sessions: SessionService;
  let watch: RecordWatch;

  beforeAll(async () => {
    app = await startTestApp();
    sessions = app.nest.get(SessionService);
  });

  afterAll(async () => {
    await app.close();
  });

  beforeEach(() => {
    watch = new RecordWatch(app.nest.get(SessionRecordStore));
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function open(): Promise<Session> {
    const userId = randomUUID();
    const generation = await sessions.generationOf(userId);
    return (await sessions.open({ userId, role: 'user', generation })).session;
  }

  async function openMany(count: number): Promise<Session[]> {
    const opened: Session[] = [];
    while (opened.length < count) {
      opened.push(...(await Promise.all(Array.from({ length: 50 }, open))));
    }
    return opened;
  }

  const verify = ({ userId, id }: Session) => sessions.verify(userId, id);

  /** All of Redis is gone, and it is believed again. */
  async function emptyRedis(): Promise<void> {
    const trust = app.nest.get(RedisTrust);
    const era = trust.era();
    await app.redis.client.flushall();
    await until(() => trust.era() !== null && trust.era() !== era);
  }

  it('are looked up in few statements, however many are asked for at once', async () => {
    const live = await openMany(1000);
    await emptyRedis();
    const found = await Promise.all([...live, ...live, ...live].map(verify));
    expect(new Set(found.map(({ session }) => session.id)).size).toBe(1000);
    expect(watch.batches.length).toBeLessThanOrEqual(20);
    expect(watch.most).toBeLessThanOrEqual(2);
  });

  it('are looked up once, and then known', async () => {
    const session = await open();
    await emptyRedis();
    await verify(session);
    await Promise.all(Array.from({ length: 100 }, () => verify(session)));
    expect(watch.batches).toEqual([[session.id]]);
  });

  it('are dead when they were revoked before the question, though a lookup is under way', async () => {
    const session = await open();
    await emptyRedis();
    const early = verify(session);
    const revoked = sessions.revoke(session, 'logout');
    await Promise.allSettled([early, revoked]);
    await expect(verify(session)).rejects.toThrow(SessionRevokedError);
  });

  it('are never put back over a revocation, in whatever order both arrive', async () => {
    for (let round = 0; round < 30; round++) {
      const session = await open();
      await app.redis.client.del(`session:{${session.userId}}`, `user:tokens:{${session.userId}}`);
      const askers = Array.from({ length: 5 }, () => verify(session).catch(() => undefined));
      await (round % 2
        ? sessions.revoke(session, 'logout')
        : sessions.revokeAll(session.userId, { reason: 'logout-all' }));
      await expect(verify(session)).rejects.toThrow(SessionRevokedError);
      await Promise.all(askers);
      await expect(verify(session)).rejects.toThrow(SessionRevokedError);
      const stands = await app.redis.client.hexists(`session:{${session.userId}}`, session.id);
      expect(stands).toBe(0);
    }
  });

  it('are not believed of another user', async () => {
    const session = await open();
    await emptyRedis();
    await expect(sessions.verify(randomUUID(), session.id)).rejects.toThrow(SessionRevokedError);
  });
});
