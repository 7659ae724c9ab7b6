import {
  appendToOutbox,
  Outbox,
  SyncLeases,
  type SyncLease,
  OutboxApplier,
} from '../../../libs/sync';
import { startTestApp, type TestApp } from '../../support/app';
import { until } from '../../support/until';
import { fieldsOf, membersOf, sessionField } from '../../support/stored-session';
import { keys } from '../../support/keys';

const PROFILE = '/api/auth/profile';

describe('a Redis whose data changes while connections stay open', () => {
  let app: TestApp;
  let syncLease: SyncLease;

  beforeAll(async () => {
    app = await startTestApp();
    syncLease = app.nest.get(SyncLeases).at(0);
  });

  afterAll(async () => {
    await app.close();
  });

  beforeEach(async () => {
    await syncLease.acquired();
  });

  async function checkpoint(): Promise<string> {
    return (await app.redis.client.get(keys.checkpoint(0)))!;
  }

  async function status(token: string): Promise<number> {
    return (await app.http.get(PROFILE, { token })).status;
  }

  async function nextEpoch(epoch: string): Promise<string> {
    await until(
      'a new epoch begins',
      () => syncLease.epoch(),
      (current) => current !== null && current !== epoch,
    );
    return syncLease.epoch()!;
  }

  it('emptied: a new epoch begins, no session is lost and no revoked session comes back', async () => {
    const [live, dead] = [await app.register(), await app.register()];
    await app.http.post('/api/auth/logout', { token: dead.accessToken });
    const epoch = syncLease.epoch()!;
    await app.redis.client.flushall();
    expect(await status(live.accessToken)).toBe(200);
    expect(await status(dead.accessToken)).toBe(401);
    expect(Number(await nextEpoch(epoch))).toBeGreaterThan(Number(epoch));
    expect(await status(live.accessToken)).toBe(200);
    expect(await status(dead.accessToken)).toBe(401);
    const fields = await fieldsOf(app.redis.client, `session:{${live.user.id}}`);
    expect(fields).toContain(live.session.id);
  });

  it.each([
    ['is gone', () => app.redis.client.del(keys.checkpoint(0))],
    ['is not ours', () => app.redis.client.set(keys.checkpoint(0), 'something else')],
    [
      'is of another record, further on than this one',
      async () => {
        const [epoch] = (await checkpoint()).split('|');
        await app.redis.client.set(keys.checkpoint(0), `${epoch}|999999999999|${Date.now()}`);
        syncLease.revoke();
      },
    ],
  ])('whose checkpoint %s: its entries do not count', async (_what, change) => {
    const { accessToken, user, session } = await app.register();
    const epoch = syncLease.epoch()!;
    // As if the session had been revoked and this data lacked the revocation.
    await app.database.sql.query(
      `UPDATE sessions SET revoked_at = now(), revoked_reason = 'logout' WHERE id = $1`,
      [session.id],
    );
    expect(await status(accessToken)).toBe(200);
    await change();
    await nextEpoch(epoch);
    expect(await app.redis.client.hexists(`session:{${user.id}}`, sessionField(session.id))).toBe(
      1,
    );
    expect(await status(accessToken)).toBe(401);
  });

  it('restored to before a revocation: the revocation is applied to it again', async () => {
    const { client } = app.redis;
    const { accessToken, user, session } = await app.register();
    const sessions = `session:{${user.id}}`;
    const field = sessionField(session.id);
    const [before, entry] = [await checkpoint(), await client.hget(sessions, field)];
    expect((await app.http.post('/api/auth/logout', { token: accessToken })).status).toBe(204);
    await until('the checkpoint moves', checkpoint, (current) => current !== before);

    await client
      .multi()
      .set(keys.checkpoint(0), before)
      .hset(sessions, field, entry!)
      .del(`blacklist:{${user.id}}:${session.id}`)
      .exec();
    await until('Redis forgets the session', () => client.hexists(sessions, field), 0);
    expect(await client.exists(`blacklist:{${user.id}}:${session.id}`)).toBe(1);
    expect(await status(accessToken)).toBe(401);
  });

  it('without one key: the lost entries are looked up', async () => {
    const { client } = app.redis;
    const [live, dead] = [await app.register(), await app.register()];
    await app.http.post('/api/auth/logout', { token: dead.accessToken });
    await client.del(`session:{${live.user.id}}`, `user:tokens:{${live.user.id}}`);
    await client.del(`blacklist:{${dead.user.id}}:${dead.session.id}`);
    expect(await status(live.accessToken)).toBe(200);
    expect(await status(dead.accessToken)).toBe(401);
    expect(await membersOf(client, `user:tokens:{${live.user.id}}`)).toEqual([live.session.id]);
  });
});

describe('changes of another instance in one store only', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(async () => {
    await app.close();
  });

  it('a recorded revocation is applied to Redis, and the lag is measured', async () => {
    const { accessToken: token, user, session } = await app.register();
    await app.database.sql.query(
      `WITH ended AS (
         UPDATE sessions SET revoked_at = now(), revoked_reason = 'logout' WHERE id = $1)
       INSERT INTO outbox (id, transaction_id, kind, user_id, details, recorded_at)
       VALUES (gen_random_uuid(), pg_current_xact_id()::text::bigint, 'session-revoked', $2,
               jsonb_build_object('sessionId', $1::text, 'expiresAtMs', $3::bigint), now())`,
      [session.id, user.id, Date.parse(session.expiresAt)],
    );
    await until(
      'the token is refused',
      async () => (await app.http.get(PROFILE, { token })).status,
      401,
    );
    expect(await app.redis.client.exists(`blacklist:{${user.id}}:${session.id}`)).toBe(1);
    const lag = app.nest.get(OutboxApplier).lag();
    expect(lag.applied).toBe(1);
    expect(lag.maxMs).toBeGreaterThanOrEqual(lag.lastMs);
  });

  it('a revocation that is committed while pages of the outbox are read is applied to Redis', async () => {
    const { accessToken: token, user, session } = await app.register();
    const late = app.database.sql.createQueryRunner();
    await late.startTransaction();
    await late.query(
      `UPDATE sessions SET revoked_at = now(), revoked_reason = 'logout' WHERE id = $1`,
      [session.id],
    );
    const details = `jsonb_build_object('sessionId', '${session.id}', 'expiresAtMs', ${Date.parse(session.expiresAt)})`;
    await late.query(appendToOutbox(`SELECT 'session-revoked', '${user.id}'::uuid, ${details}`));

    const outbox = app.nest.get(Outbox);
    const changesSince = outbox.changesSince.bind(outbox);
    let pages = 0;
    jest.spyOn(outbox, 'changesSince').mockImplementation(async function* (...read) {
      for await (const page of changesSince(...read)) {
        yield page;
        if (late.isTransactionActive && page.entries.length > 1) {
          await late.commitTransaction();
        }
        pages += page.entries.length > 1 ? 1 : 0;
      }
    });
    // More than a page, and later than the uncommitted change.
    const many = `SELECT 'any', gen_random_uuid(), '{}'::jsonb FROM generate_series(1, 2500)`;
    await app.database.sql.query(appendToOutbox(many));
    await until(
      'the token is refused',
      async () => (await app.http.get(PROFILE, { token })).status,
      401,
    );
    expect(pages).toBeGreaterThan(1);
    const tombstone = `blacklist:{${user.id}}:${session.id}`;
    expect(await app.redis.client.exists(tombstone)).toBe(1);
    jest.restoreAllMocks();
    await late.release();
  });
});
