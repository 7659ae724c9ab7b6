import { RedisClient } from '../../../libs/redis';
import { appendToOutbox, OutboxApplier, SyncLeases, type SyncLease } from '../../../libs/sync';
import { startTestApp, type TestApp } from '../../support/app';
import { keys } from '../../support/keys';
import { sessionField } from '../../support/stored-session';
import { until } from '../../support/until';

type Poll = OutboxApplier['poll'];

/** After a poll has applied its entries, and before its checkpoint is written. */
describe('a server that is replaced at the end of a poll gets no checkpoint for entries that it lacks,', () => {
  let app: TestApp;
  let redis: RedisClient;
  let lease: SyncLease;
  let applier: OutboxApplier;

  beforeAll(async () => {
    app = await startTestApp();
    redis = app.nest.get(RedisClient);
    lease = app.nest.get(SyncLeases).at(0);
    applier = app.nest.get(OutboxApplier);
  });

  beforeEach(() => lease.acquired());

  afterEach(() => jest.restoreAllMocks());

  afterAll(() => app.close());

  /** A session, and the changes of Postgres and Redis that a test makes to it. */
  async function openSession() {
    const { client } = app.redis;
    const { accessToken: token, user, session } = await app.register();
    const [sessions, field] = [`session:{${user.id}}`, sessionField(session.id)];
    const tombstone = keys.tombstone(user.id, session.id);
    const entry = await client.hget(sessions, field);
    return {
      token,
      isRevokedInRedis: async () => (await client.exists(tombstone)) === 1,
      /** As another instance does that cannot reach Redis. */
      async revokeInPostgres(): Promise<void> {
        const expiresAtMs = Date.parse(session.expiresAt);
        const details = `jsonb_build_object('sessionId', '${session.id}', 'expiresAtMs', ${expiresAtMs})`;
        const select = `SELECT 'session-revoked', '${user.id}'::uuid, ${details}`;
        const ended = `UPDATE sessions SET revoked_at = now(), revoked_reason = 'logout'`;
        await app.database.sql.transaction(async (manager) => {
          await manager.query(`${ended} WHERE id = $1`, [session.id]);
          await manager.query(appendToOutbox(select));
        });
      },
      /** The address leads to a server without the revocation, and with the same checkpoint. */
      async replaceServer(): Promise<void> {
        const term = lease.term();
        await client.multi().hset(sessions, field, entry!).del(tombstone).exec();
        await client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await until(
          'the instance is connected again',
          () => lease.term() !== term && redis.isUsable(0),
        );
      },
    };
  }

  type Session = Awaited<ReturnType<typeof openSession>>;

  async function expectRevoked({ token, isRevokedInRedis }: Session): Promise<void> {
    await lease.acquired();
    expect(await isRevokedInRedis()).toBe(true);
    expect((await app.http.get('/api/auth/profile', { token })).status).toBe(401);
  }

  function replacePoll(
    implementation: (poll: Poll, ...call: Parameters<Poll>) => ReturnType<Poll>,
  ) {
    const poll = applier.poll.bind(applier);
    jest.spyOn(applier, 'poll').mockImplementation((...call) => implementation(poll, ...call));
  }

  it('while the instance keeps up', async () => {
    const session = await openSession();
    const replaced = gate();
    let isReplaced = false;
    replacePoll(async (poll, from, options) => {
      const end = await poll(from, options);
      if (!isReplaced && options.isObserved && (await session.isRevokedInRedis())) {
        isReplaced = true;
        await session.replaceServer();
        setImmediate(replaced.open);
      }
      return end;
    });
    // Catching up begins when the checkpoint could have been written.
    const get = redis.get.bind(redis);
    jest.spyOn(redis, 'get').mockImplementation(async (key) => {
      if (isReplaced) {
        await replaced.opened;
      }
      return get(key);
    });
    await session.revokeInPostgres();
    await replaced.opened;
    await expectRevoked(session);
  });

  it('while the instance catches up', async () => {
    const session = await openSession();
    const revoked = gate();
    let isReplaced = false;
    replacePoll(async (poll, from, options) => {
      await revoked.opened;
      const end = await poll(from, options);
      if (!isReplaced) {
        isReplaced = true;
        expect(options.isObserved).toBeFalsy();
        expect(await session.isRevokedInRedis()).toBe(true);
        await session.replaceServer();
      }
      return end;
    });
    lease.revoke();
    await session.revokeInPostgres();
    revoked.open();
    await until('the server is replaced', () => isReplaced);
    await expectRevoked(session);
  });
});

function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
