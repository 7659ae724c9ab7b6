import fc from 'fast-check';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { Database } from '../../../libs/database';
import { dataSourceOptions } from '../../../libs/database/data-source-options';
import { Metrics } from '../../../libs/metrics';
import { appendToOutbox, Outbox, SyncTimings } from '../../../libs/sync';
import { parseCheckpoint, type Checkpoint } from '../../../libs/sync/checkpoint';
import { CheckpointStore } from '../../../libs/sync/checkpoint.store';
import { connectRedisClient, type ConnectedRedis } from '../../support/redis-client';
import { lasting } from '../../support/long-tests';
import { createTestDatabase, type TestDatabase } from '../../support/stores';
import { keys } from '../../support/keys';

const WRITERS = 3;
const READERS = 2;
const EPOCH = '1';

interface Write {
  does: 'write' | 'writeInSavepoint' | 'writeInLostSavepoint' | 'commit' | 'rollback';
  writer: number;
  rows: number;
}
type Step = Write | { does: 'poll'; reader: number; between: Write[]; restarted: boolean };

const write: fc.Arbitrary<Write> = fc.record({
  does: fc.constantFrom(
    'write',
    'write',
    'writeInSavepoint',
    'writeInLostSavepoint',
    'commit',
    'rollback',
  ),
  writer: fc.nat(WRITERS - 1),
  // Two of the larger ones do not fit into a page.
  rows: fc.constantFrom(1, 2, 1100),
});
const poll = fc.record({
  does: fc.constant('poll' as const),
  reader: fc.nat(READERS - 1),
  between: fc.array(write, { maxLength: 3 }),
  restarted: fc.boolean(),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 2, arbitrary: write }, { weight: 1, arbitrary: poll }),
  { minLength: 5, maxLength: 30, size: 'max' },
);

/** A writer whose transaction begins with its first row. The last writer uses another database. */
class Writer {
  private pending: string[] | null = null;

  constructor(
    private readonly client: Client,
    private readonly committed: Set<string>,
    private readonly countsForUs: boolean,
  ) {}

  async step({ does, rows }: Write): Promise<void> {
    if (does === 'commit' || does === 'rollback') {
      await this.end(does);
      return;
    }
    if (!this.pending) {
      await this.client.query('BEGIN');
      this.pending = [];
    }
    if (does === 'write') {
      this.pending.push(...(await this.insert(rows)));
      return;
    }
    await this.client.query('SAVEPOINT one');
    const ids = await this.insert(rows);
    if (does === 'writeInSavepoint') {
      await this.client.query('RELEASE SAVEPOINT one');
      this.pending.push(...ids);
    } else {
      await this.client.query('ROLLBACK TO SAVEPOINT one');
    }
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    if (this.pending) {
      await this.client.query(how);
      if (how === 'commit' && this.countsForUs) {
        this.pending.forEach((id) => this.committed.add(id));
      }
      this.pending = null;
    }
  }

  private async insert(rows: number): Promise<string[]> {
    const source = `SELECT 'any', gen_random_uuid(), '{}'::jsonb FROM generate_series(1, ${rows})`;
    const { rows: inserted } = await this.client.query<{ id: string }>(
      `${appendToOutbox(source)} RETURNING id`,
    );
    return inserted.map(({ id }) => id);
  }
}

describe('the outbox, read by two instances while transactions begin and end in any order', () => {
  let [here, elsewhere]: TestDatabase[] = [];
  let redis: ConnectedRedis;
  let dataSource: DataSource;
  let postgres: Database;
  let outbox: Outbox;
  let checkpoints: CheckpointStore;
  let clients: Client[];

  beforeAll(async () => {
    [here, elsewhere] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    redis = await connectRedisClient();
    checkpoints = new CheckpointStore(redis.client);
    dataSource = await new DataSource(dataSourceOptions({ url: here.url })).initialize();
    postgres = new Database(dataSource, new Metrics());
    outbox = new Outbox(postgres, Object.assign(new SyncTimings(), { outboxDeadlineMs: 10_000 }));
    const urls = [...Array.from({ length: WRITERS - 1 }, () => here!.url), elsewhere.url];
    clients = urls.map((connectionString) => new Client({ connectionString }));
    await Promise.all(clients.map((client) => client.connect()));
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await outbox.onModuleDestroy();
    postgres.onApplicationShutdown();
    await dataSource.destroy();
    await Promise.all([here!.drop(), elsewhere!.drop(), redis.close()]);
  });

  async function checkpointNow(): Promise<Checkpoint> {
    return { ...(await outbox.beginEpoch()), epoch: EPOCH };
  }

  async function run(history: Step[]): Promise<void> {
    await here!.sql.query('TRUNCATE outbox');
    const committed = new Set<string>();
    /** Entries that a reader has written to the one Redis. */
    const inRedis = new Set<string>();
    const writers = clients.map(
      (client, index) => new Writer(client, committed, index < WRITERS - 1),
    );
    const beginning = await checkpointNow();
    await redis.raw.del(keys.checkpoint(0));
    await checkpoints.begin(0, null, beginning);
    const readers = Array.from({ length: READERS }, () => ({
      checkpoint: beginning,
      knows: new Set<string>(),
    }));

    const readAll = async (index: number, between: Write[]) => {
      const reader = readers[index]!;
      const expected = [...committed];
      let end: Checkpoint | undefined;
      let count = 0;
      const later = [...between];
      for await (const page of outbox.changesSince(reader.checkpoint.snapshot, [])) {
        end ??= { epoch: EPOCH, snapshot: page.snapshot, recordedAtMs: String(page.nowMs) };
        count += page.entries.length;
        page.entries.forEach(({ id }) => reader.knows.add(id).size && inRedis.add(id));
        const next = later.shift();
        await (next && writers[next.writer]!.step(next));
      }
      expect(expected.filter((id) => !reader.knows.has(id))).toEqual([]);
      expect([...reader.knows].filter((id) => !committed.has(id))).toEqual([]);
      expect(await checkpoints.advance(0, reader.checkpoint, end!)).not.toBeNull();
      reader.checkpoint = end!;
      return count;
    };

    try {
      for (const step of history) {
        if (step.does !== 'poll') {
          await writers[step.writer]!.step(step);
          continue;
        }
        if (step.restarted) {
          const checkpoint = parseCheckpoint(await checkpoints.read(0))!;
          readers[step.reader] = { checkpoint, knows: new Set(inRedis) };
        }
        await readAll(step.reader, step.between);
      }
      for (const writer of writers) {
        await writer.end('commit');
      }
      for (const index of readers.keys()) {
        await readAll(index, []);
        expect(await readAll(index, [])).toBe(0);
      }
    } finally {
      for (const writer of writers) {
        await writer.end('rollback');
      }
    }
  }

  it('returns to each of them every committed entry, and no other', async () => {
    await fc.assert(fc.asyncProperty(steps, run), { numRuns: lasting(20, 500) });
  }, 600_000);
});
