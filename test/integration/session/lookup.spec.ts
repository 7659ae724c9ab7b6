import { randomUUID } from 'node:crypto';
import { SessionRevokedError, type Session } from '../../../libs/session';
import { RedisSessionStore } from '../../../libs/session/store/redis-session.store';
import { SessionRepository } from '../../../libs/session/store/session.repository';
import { SyncLeases } from '../../../libs/sync';
import { startTestApp, type TestApp } from '../../support/app';
import { insertSessionsOfUsers } from '../../support/session-rows';
import { Sessions } from '../../support/sessions';
import { until } from '../../support/until';
import { sessionField } from '../../support/stored-session';
import { keys } from '../../support/keys';

/** The statements to the record. */
class RecordWatch {
  readonly batches: string[][] = [];
  running = 0;
  most = 0;

  constructor(record: SessionRepository) {
    const find = record.find.bind(record);
    jest.spyOn(record, 'find').mockImplementation(async (ids, nowMs) => {
      this.batches.push([...ids]);
      this.running += 1;
      this.most = Math.max(this.most, this.running);
      return find(ids, nowMs).finally(() => (this.running -= 1));
    });
  }
}

/** The next session that is put into Redis waits on its way there. */
function holdOpening(redis: RedisSessionStore) {
  const open = redis.open.bind(redis);
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const arrived = new Promise<void>((resolve) => {
    jest.spyOn(redis, 'open').mockImplementationOnce(async (...args) => {
      resolve();
      await held;
      return open(...args);
    });
  });
  return { arrived, letGo };
}

describe('sessions that are missing in Redis', () => {
  let app: TestApp;
  let sessions: Sessions;
  let watch: RecordWatch;

  beforeAll(async () => {
    app = await startTestApp();
    sessions = new Sessions(app.nest);
  });

  afterAll(async () => {
    await app.close();
  });

  beforeEach(() => {
    watch = new RecordWatch(app.nest.get(SessionRepository));
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function open(): Promise<Session> {
    const userId = randomUUID();
    const generation = await sessions.generationOf(userId);
    return (await sessions.open({ userId, role: 'user', generation })).session;
  }

  const REVOKE_OTHERS = { reason: 'revoked_by_user' } as const;

  const verify = ({ userId, id }: Pick<Session, 'userId' | 'id'>) => sessions.verify(userId, id);

  /** Empties Redis, and waits until it is in sync again. */
  async function emptyRedis(): Promise<void> {
    const syncLease = app.nest.get(SyncLeases).at(0);
    const epoch = syncLease.epoch();
    await app.redis.client.flushall();
    await until(
      'a new epoch begins',
      () => syncLease.epoch(),
      (current) => current !== null && current !== epoch,
    );
  }

  it('are looked up in few statements, for any number of concurrent requests', async () => {
    const live = await insertSessionsOfUsers(app.database, 1000);
    const found = await Promise.all([...live, ...live, ...live].map(verify));
    expect(new Set(found.map(({ session }) => session.id)).size).toBe(1000);
    expect(watch.batches.length).toBeLessThanOrEqual(20);
    expect(watch.most).toBeLessThanOrEqual(2);
  });

  it('are looked up once, and then found in Redis', async () => {
    const session = await open();
    await emptyRedis();
    // A machine that is busy may write too late: Redis refuses that, and the next request looks the session up again.
    await until('Redis holds the session', async () => {
      await verify(session);
      return app.redis.client.exists(`session:{${session.userId}}`);
    });
    const lookups = watch.batches.length;
    await Promise.all(Array.from({ length: 100 }, () => verify(session)));
    expect(watch.batches).toHaveLength(lookups);
  });

  it('are refused when they were revoked before the request, though a lookup is under way', async () => {
    const session = await open();
    await emptyRedis();
    const early = verify(session);
    const revoked = sessions.logout(session);
    await Promise.allSettled([early, revoked]);
    await expect(verify(session)).rejects.toThrow(SessionRevokedError);
  });

  it.each<[string, (session: Session) => Promise<unknown>]>([
    ['a logout', (session) => sessions.logout(session)],
    ['a logout of all', ({ userId }) => sessions.revokeAll(userId)],
    [
      'a logout, and then a FLUSHALL,',
      async (session) => {
        const before = await app.redis.client.get(keys.checkpoint(0));
        await sessions.logout(session);
        // Otherwise the outbox would write the tombstone again after the FLUSHALL.
        await until(
          'the checkpoint moves',
          () => app.redis.client.get(keys.checkpoint(0)),
          (current) => current !== before,
        );
        await emptyRedis();
      },
    ],
  ])('are not restored when %s came after their record was read', async (_what, revoke) => {
    const session = await open();
    await app.redis.client.del(`session:{${session.userId}}`, `user:tokens:{${session.userId}}`);
    const { arrived, letGo } = holdOpening(app.nest.get(RedisSessionStore));
    const asked = verify(session).catch(() => undefined);
    await arrived;
    await revoke(session);
    letGo();
    await asked;
    expect(
      await app.redis.client.hexists(`session:{${session.userId}}`, sessionField(session.id)),
    ).toBe(0);
    await expect(verify(session)).rejects.toThrow(SessionRevokedError);
  });

  it('are accepted when the others of their user ended after their record was read', async () => {
    const session = await open();
    await app.redis.client.del(`session:{${session.userId}}`, `user:tokens:{${session.userId}}`);
    const { arrived, letGo } = holdOpening(app.nest.get(RedisSessionStore));
    const asked = verify(session);
    await arrived;
    await sessions.revokeAll(session.userId, { ...REVOKE_OTHERS, keptSessionId: session.id });
    letGo();
    expect((await asked).session).toMatchObject({ id: session.id, generation: 2 });
    expect((await verify(session)).session.generation).toBe(2);
  });

  it('are not accepted for another user', async () => {
    const session = await open();
    await emptyRedis();
    await expect(sessions.verify(randomUUID(), session.id)).rejects.toThrow(SessionRevokedError);
  });
});
