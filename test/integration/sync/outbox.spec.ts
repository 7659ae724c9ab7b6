import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../libs/database/data-source-options';
import { Database } from '../../../libs/database';
import { Metrics } from '../../../libs/metrics';
import { appendToOutbox, Outbox, SyncTimings } from '../../../libs/sync';
import { createTestDatabase, type TestDatabase } from '../../support/stores';
import { until } from '../../support/until';

describe('the outbox', () => {
  let database: TestDatabase;
  let source: DataSource;
  let postgres: Database;
  let outbox: Outbox;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await new DataSource(dataSourceOptions({ url: database.url })).initialize();
    postgres = new Database(source, new Metrics());
    outbox = new Outbox(postgres, new SyncTimings());
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

  async function kindsFrom(transactionId: string): Promise<string[]> {
    const { entries } = await outbox.read(transactionId, 100);
    return entries.map(({ kind }) => kind);
  }

  /** Behind all that earlier tests wrote: a transaction of any other test on this server may hold the end back. */
  async function untilNothingIsLeft(): Promise<string> {
    let start = '';
    await until(async () => {
      start = (await outbox.end()).transactionId;
      return (await kindsFrom(start)).length === 0;
    });
    return start;
  }

  it('gives what was written since a position, and nothing twice from where it ended', async () => {
    const { transactionId: start } = await outbox.end();
    await append('first');
    await append('second');
    const page = await outbox.read(start, 100);
    expect(page.entries).toEqual([
      expect.objectContaining({ kind: 'first', details: { number: 7 } }),
      expect.objectContaining({ kind: 'second' }),
    ]);
    expect(page.overflow).toBe(false);
    expect(Math.abs(page.entries[0]!.recordedAtMs - page.nowMs)).toBeLessThan(60_000);
    // A transaction of any other test on this server, if it began before, keeps the position where it was.
    await until(async () => {
      const { transactionId } = await outbox.read(start, 100);
      return (await kindsFrom(transactionId)).length === 0;
    });
  });

  it('does not pass a transaction that has not committed, though later ones have', async () => {
    const { transactionId: start } = await outbox.end();
    const slow = database.sql.createQueryRunner();
    await slow.startTransaction();
    await slow.query(appendToOutbox(`SELECT 'slow', '${randomUUID()}'::uuid, '{}'::jsonb`));
    await append('quick');
    const page = await outbox.read(start, 100);
    expect(page.entries.map(({ kind }) => kind)).toEqual(['quick']);
    await slow.commitTransaction();
    await slow.release();
    expect((await kindsFrom(page.transactionId)).sort()).toEqual(['quick', 'slow']);
  });

  it('has an entry only if the change that it tells of was committed', async () => {
    const start = await untilNothingIsLeft();
    const failing = postgres.transaction(async () => {
      await append('undone');
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(await kindsFrom(start)).toEqual([]);
  });

  it('says when there is more than one may read at once', async () => {
    const start = await untilNothingIsLeft();
    for (const kind of ['a', 'b', 'c']) {
      await append(kind);
    }
    expect((await outbox.read(start, 2)).overflow).toBe(true);
    expect((await outbox.read(start, 4)).overflow).toBe(false);
  });

  it('never gives an era twice', async () => {
    const eras = await Promise.all(Array.from({ length: 5 }, () => outbox.nextEra()));
    expect(new Set(eras).size).toBe(5);
  });

  it('keeps entries for a day and drops older ones', async () => {
    const { transactionId: start } = await outbox.end();
    await append('old');
    await append('new');
    await database.sql.query(
      `UPDATE outbox SET recorded_at = now() - interval '25 hours' WHERE kind = 'old'`,
    );
    await outbox.prune();
    expect(await kindsFrom(start)).toEqual(['new']);
  });
});
