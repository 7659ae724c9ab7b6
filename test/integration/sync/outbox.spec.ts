import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../libs/database/data-source-options';
import { Database } from '../../../libs/database';
import { ReservedConnection } from '../../../libs/database/reserved-connection';
import { Metrics } from '../../../libs/metrics';
import { appendToOutbox, Outbox, SyncTimings } from '../../../libs/sync';
import type { OutboxPage } from '../../../libs/sync/outbox';
import { createTestDatabase, type TestDatabase } from '../../support/stores';

describe('the outbox', () => {
  let database: TestDatabase;
  let source: DataSource;
  let postgres: Database;
  let outbox: Outbox;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await new DataSource(dataSourceOptions({ url: database.url })).initialize();
    postgres = new Database(source, new Metrics());
    outbox = new Outbox(postgres, Object.assign(new SyncTimings(), { outboxDeadlineMs: 10_000 }));
  });

  afterAll(async () => {
    await outbox.onModuleDestroy();
    postgres.onApplicationShutdown();
    await source.destroy();
    await database.drop();
  });

  async function append(kind: string): Promise<void> {
    await outbox.append({ kind, userId: randomUUID(), details: { number: 7 } });
  }

  async function changesSince(snapshot: string): Promise<{ end: string; kinds: string[] }> {
    const pages = await collect(outbox.changesSince(snapshot, []));
    const kinds = pages.flatMap(({ entries }) => entries.map(({ kind }) => kind));
    return { end: pages[0]!.snapshot, kinds };
  }

  it('returns the entries since a snapshot, once', async () => {
    const { snapshot } = await outbox.beginEpoch();
    await append('first');
    await append('second');
    const [page, ...more] = await collect(outbox.changesSince(snapshot, []));
    expect(page!.entries).toEqual([
      expect.objectContaining({ kind: 'first', details: { number: 7 } }),
      expect.objectContaining({ kind: 'second' }),
    ]);
    expect(more).toEqual([]);
    expect(Math.abs(page!.entries[0]!.recordedAtMs - page!.nowMs)).toBeLessThan(60_000);
    expect((await changesSince(page!.snapshot)).kinds).toEqual([]);
  });

  it('returns nothing twice while a transaction of any database stays open', async () => {
    const elsewhere = await createTestDatabase();
    const open = elsewhere.sql.createQueryRunner();
    await open.startTransaction();
    await open.query('SELECT pg_current_xact_id()');
    const { snapshot } = await outbox.beginEpoch();
    await append('before');
    const { end, kinds } = await changesSince(snapshot);
    expect(kinds).toEqual(['before']);
    await append('after');
    expect((await changesSince(end)).kinds).toEqual(['after']);
    await open.rollbackTransaction();
    await open.release();
    await elsewhere.drop();
  });

  it('returns the entries of a transaction once it has committed, though later ones have committed before', async () => {
    const { snapshot } = await outbox.beginEpoch();
    const slow = database.sql.createQueryRunner();
    await slow.startTransaction();
    await slow.query(appendToOutbox(`SELECT 'slow', '${randomUUID()}'::uuid, '{}'::jsonb`));
    await append('quick');
    const { end, kinds } = await changesSince(snapshot);
    expect(kinds).toEqual(['quick']);
    await slow.commitTransaction();
    await slow.release();
    expect((await changesSince(end)).kinds).toEqual(['slow']);
  });

  it('returns the entries of a prepared transaction once it is committed', async () => {
    const { snapshot } = await outbox.beginEpoch();
    const writer = database.sql.createQueryRunner();
    await writer.query('BEGIN');
    await writer.query(appendToOutbox(`SELECT 'prepared', '${randomUUID()}'::uuid, '{}'::jsonb`));
    await writer.query(`PREPARE TRANSACTION 'of a test of the outbox'`);
    const { end, kinds } = await changesSince(snapshot);
    expect(kinds).toEqual([]);
    await writer.query(`COMMIT PREPARED 'of a test of the outbox'`);
    await writer.release();
    expect((await changesSince(end)).kinds).toEqual(['prepared']);
  });

  it('has an entry only if its change was committed', async () => {
    const { snapshot } = await outbox.beginEpoch();
    const failing = postgres.transaction(async () => {
      await append('undone');
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect((await changesSince(snapshot)).kinds).toEqual([]);
  });

  it('returns many changes in pages, also when one transaction made all of them', async () => {
    const { snapshot } = await outbox.beginEpoch();
    const many = `SELECT 'many ' || number, gen_random_uuid(), '{}'::jsonb FROM generate_series(1, 5000) AS number`;
    await database.sql.query(appendToOutbox(many));
    const pages: OutboxPage[] = [];
    for await (const page of outbox.changesSince(snapshot, [])) {
      pages.push(page);
      // Entries that arrive while pages are read are not waited for.
      await append('late');
    }
    const sizes = pages.map(({ entries }) => entries.length);
    expect(sizes).toEqual([2000, 2000, 1000]);
    const kinds = pages.flatMap(({ entries }) => entries.map(({ kind }) => kind));
    expect(new Set(kinds).size).toBe(5000);
    expect(kinds).not.toContain('late');
    const late = await changesSince(pages[0]!.snapshot);
    expect(late.kinds).toEqual(['late', 'late', 'late']);
  });

  it('reads new entries by an index, and no others, though millions may be old', async () => {
    const old = `SELECT 'old', gen_random_uuid(), '{}'::jsonb FROM generate_series(1, 20000)`;
    await database.sql.query(appendToOutbox(old));
    await database.sql.query('ANALYZE outbox');
    const { snapshot } = await outbox.beginEpoch();
    const open = database.sql.createQueryRunner();
    await open.startTransaction();
    await open.query(appendToOutbox(`SELECT 'open', gen_random_uuid(), '{}'::jsonb`));
    const withOpen = (await outbox.beginEpoch()).snapshot;
    await open.commitTransaction();
    await open.release();
    for (const since of [snapshot, withOpen]) {
      const plan = await planOf(since);
      expect(plan).not.toContain('Seq Scan');
      const rows = [...plan.matchAll(/Scan.*actual.* rows=([\d.]+)/g)].map(([, read]) =>
        Number(read),
      );
      expect(Math.max(...rows)).toBeLessThanOrEqual(1);
    }
  });

  /** The plan of Postgres for a page. */
  async function planOf(snapshot: string): Promise<string> {
    const query = jest.spyOn(ReservedConnection.prototype, 'query');
    await collect(outbox.changesSince(snapshot, []));
    const [sql, parameters] = query.mock.calls[0]!;
    query.mockRestore();
    const lines = await database.sql.query<{ 'QUERY PLAN': string }[]>(
      `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${sql}`,
      parameters,
    );
    return lines.map((line) => line['QUERY PLAN']).join('\n');
  }

  it('never returns an epoch twice', async () => {
    const begun = await Promise.all(Array.from({ length: 5 }, () => outbox.beginEpoch()));
    expect(new Set(begun.map(({ epoch }) => epoch)).size).toBe(5);
  });

  it('keeps entries for 25 hours, the window of the stream and of a replay, and deletes older ones', async () => {
    const { snapshot } = await outbox.beginEpoch();
    await append('old');
    await append('kept');
    for (const [kind, age] of [
      ['old', '25 hours 1 minute'],
      ['kept', '24 hours 59 minutes'],
    ]) {
      await database.sql.query(
        `UPDATE outbox SET recorded_at = now() - $2::interval WHERE kind = $1`,
        [kind, age],
      );
    }
    await outbox.prune();
    expect((await changesSince(snapshot)).kinds).toEqual(['kept']);
  });
});

async function collect(pages: AsyncIterable<OutboxPage>): Promise<OutboxPage[]> {
  const collected: OutboxPage[] = [];
  for await (const page of pages) {
    collected.push(page);
  }
  return collected;
}
