import { SESSION_REVOKED } from '../../libs/session/store/session-changes';
import {
  appendToOutbox,
  Outbox,
  SyncLeases,
  type SyncLease,
  SyncTimings,
  UserChanges,
} from '../../libs/sync';
import { startTestApp, type TestApp } from '../support/app';
import { lasting } from '../support/long-tests';
import { createTestDatabase } from '../support/stores';
import { until } from '../support/until';
import { keys } from '../support/keys';

const USER_CHANGED = 'user-changed';

const TRANSACTIONS = 50;
const CHANGES_OF_EACH = 500;
const CHANGES = TRANSACTIONS * CHANGES_OF_EACH;
/** More than one statement deletes. */
const OLD_ENTRIES = lasting(5_000, 30_000);
/** Of each kind half. */
const SOME_CHANGES = `
  SELECT CASE number % 2 WHEN 0 THEN '${SESSION_REVOKED}' ELSE '${USER_CHANGED}' END,
         gen_random_uuid(),
         jsonb_build_object('sessionId', gen_random_uuid(), 'version', 2,
                            'expiresAtMs', floor(extract(epoch FROM now()) * 1000)::bigint + 3600000)
    FROM generate_series(1, ${CHANGES_OF_EACH}) AS number`;

describe('an outbox of many changes', () => {
  let app: TestApp;
  let syncLease: SyncLease;

  beforeAll(async () => {
    // Neither the deadline nor the lease is the subject, and the machine may be busy.
    const timings = Object.assign(new SyncTimings(), { outboxDeadlineMs: 5000, leaseMs: 20_000 });
    app = await startTestApp({ timings });
    syncLease = app.nest.get(SyncLeases).at(0);
    await syncLease.acquired();
  });

  afterAll(() => app.close());

  async function keysLike(pattern: string): Promise<number> {
    let count = 0;
    for await (const keys of app.redis.client.scanStream({ match: pattern, count: 1000 })) {
      count += (keys as string[]).length;
    }
    return count;
  }

  /** Waits for polls that began after this call. */
  async function polls(count: number): Promise<void> {
    for (let poll = 0; poll <= count; poll += 1) {
      const before = await app.redis.client.get(keys.checkpoint(0));
      await until(
        'the checkpoint moves',
        () => app.redis.client.get(keys.checkpoint(0)),
        (current) => current !== before,
      );
    }
  }

  it('is read once, though a transaction of another database stays open', async () => {
    const elsewhere = await createTestDatabase();
    const open = elsewhere.sql.createQueryRunner();
    await open.startTransaction();
    await open.query('SELECT pg_current_xact_id()');
    let read = 0;
    const readers = new Set<string>();
    app.nest.get(UserChanges).onChange((userId) => {
      read += 1;
      readers.add(userId);
    });
    const epoch = syncLease.epoch();

    for (let transaction = 0; transaction < TRANSACTIONS; transaction += 1) {
      await app.database.sql.query(appendToOutbox(SOME_CHANGES));
    }
    await until('every change is read', () => readers.size, CHANGES);
    await polls(1);
    // A busy machine may lose Redis for a moment: then changes are read again, and no epoch begins.
    expect(read).toBeLessThan(4 * CHANGES);
    read = 0;
    await polls(3);

    expect(read).toBe(0);
    expect(syncLease.epoch()).toBe(epoch);
    expect(app.log.filter((line) => line.includes('cannot be kept up to date'))).toEqual([]);
    expect(await keysLike('blacklist:*')).toBe(CHANGES / 2);
    expect(await keysLike('user:profile:*')).toBe(CHANGES / 2);
    await open.rollbackTransaction();
    await open.release();
    await elsewhere.drop();
  });

  it('loses all old entries in one pruning', async () => {
    await app.database.sql.query('TRUNCATE outbox');
    await app.database.sql.query(
      `INSERT INTO outbox (id, transaction_id, kind, user_id, details, recorded_at)
       SELECT gen_random_uuid(), 1, '${USER_CHANGED}', gen_random_uuid(), '{}', now() - interval '26 hours'
         FROM generate_series(1, ${OLD_ENTRIES})`,
    );
    // The pruning of the application may run meanwhile and delete some of them.
    expect(await app.nest.get(Outbox).prune()).toBeGreaterThan(OLD_ENTRIES / 2);
    await until(
      'the outbox is empty',
      () => app.database.sql.query<object[]>('SELECT id FROM outbox LIMIT 1'),
      (rows) => rows.length === 0,
    );
  });
});
