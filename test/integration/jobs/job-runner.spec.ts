import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { DependencyUnavailableError, InternalError } from '../../../libs/common';
import { Database } from '../../../libs/database';
import { dataSourceOptions } from '../../../libs/database/data-source-options';
import { JobRunStore } from '../../../libs/jobs/job-run.store';
import { JobRunner } from '../../../libs/jobs';
import { Metrics } from '../../../libs/metrics';
import { MovableClock } from '../../support/clock';
import { startPgBouncer, type TestPgBouncer } from '../../support/pgbouncer';
import { createTestDatabase, type TestDatabase } from '../../support/stores';
import { until } from '../../support/until';

interface RunRow {
  tick: Date;
  attempts: number;
  outcome: string | null;
  details: unknown;
}

const due = { job: 'sweep', tick: new Date('2026-01-01T12:00:00Z') };
const nothing = () => Promise.resolve({});

describe.each([
  ['on Postgres itself', undefined],
  ['behind a pool of sessions', 'session'],
  ['behind a pool of transactions', 'transaction'],
] as const)('the job runner, %s,', (_way, mode) => {
  let pooler: TestPgBouncer | undefined;
  let database: TestDatabase;
  let sources: DataSource[];
  let runner: JobRunner;
  let other: JobRunner;

  beforeAll(async () => {
    pooler = mode && (await startPgBouncer(mode));
  }, 10 * 60_000);

  afterAll(() => pooler?.stop());

  beforeEach(async () => {
    database = await createTestDatabase();
    sources = [];
    runner = await newRunner();
    other = await newRunner();
  });

  afterEach(async () => {
    await Promise.all(sources.map((source) => source.destroy()));
    await database.drop();
  });

  /** As another instance would have it. */
  async function newRunner(): Promise<JobRunner> {
    const url = pooler?.urlOf(database.url) ?? database.url;
    const source = await new DataSource(dataSourceOptions({ url })).initialize();
    sources.push(source);
    const door = new Database(source, new Metrics());
    return new JobRunner(door, new JobRunStore(door), new MovableClock());
  }

  function runs(): Promise<RunRow[]> {
    return database.sql.query('SELECT tick, attempts, outcome, details FROM job_runs');
  }

  /** Work that goes on until it is let go. */
  function heldWork() {
    let release: (result: object) => void = () => undefined;
    let began = false;
    const signals: AbortSignal[] = [];
    const result = new Promise<object>((resolve) => (release = resolve));
    const work = (signal: AbortSignal) => {
      began = true;
      signals.push(signal);
      return result;
    };
    return { work, release, signals, began: () => until(() => began) };
  }

  it('runs a tick once, whoever asks', async () => {
    const first = await runner.run(due, () => Promise.resolve({ swept: 3 }));
    expect(first).toMatchObject({ state: 'succeeded', result: { swept: 3 } });
    const never = jest.fn(nothing);
    expect(await runner.run(due, never)).toEqual({ state: 'done' });
    expect(await other.run(due, never)).toEqual({ state: 'done' });
    expect(never).not.toHaveBeenCalled();
    expect(await runs()).toEqual([
      { tick: due.tick, attempts: 1, outcome: 'succeeded', details: { swept: 3 } },
    ]);
  });

  it('lets nobody else begin while one is at it, and everybody afterwards', async () => {
    const held = heldWork();
    const running = runner.run(due, held.work);
    await held.began();
    expect(await other.run(due, nothing)).toEqual({ state: 'busy' });
    expect(await other.run({ ...due, job: 'another job' }, nothing)).toMatchObject({
      state: 'succeeded',
    });
    held.release({});
    await running;
    const next = { ...due, tick: new Date('2026-01-01T13:00:00Z') };
    expect(await other.run(next, nothing)).toMatchObject({ state: 'succeeded' });
  });

  it('of many at once runs one', async () => {
    let ran = 0;
    const work = async () => {
      ran += 1;
      await pause(20);
      return {};
    };
    const both = [runner, other, runner, other, runner, other];
    const states = await Promise.all(both.map((each) => each.run(due, work)));
    expect(ran).toBe(1);
    expect(states.filter(({ state }) => state === 'succeeded')).toHaveLength(1);
  });

  it('counts a failure as seen to, and says why', async () => {
    const failing = runner.run(due, () => Promise.reject(new InternalError('no broom')));
    await expect(failing).rejects.toThrow('no broom');
    expect(await other.run(due, nothing)).toEqual({ state: 'done' });
    expect(await runs()).toEqual([
      { tick: due.tick, attempts: 1, outcome: 'failed', details: { error: 'no broom' } },
    ]);
  });

  it('leaves what was told to stop to whoever asks next', async () => {
    const stop = new AbortController();
    const stopping = runner.run(
      due,
      (signal) => {
        stop.abort(new Error('shutting down'));
        signal.throwIfAborted();
        return nothing();
      },
      stop.signal,
    );
    await expect(stopping).rejects.toThrow('shutting down');
    expect(await runs()).toMatchObject([{ attempts: 1, outcome: null }]);
    expect(await other.run(due, nothing)).toMatchObject({ state: 'succeeded' });
    expect(await runs()).toMatchObject([{ attempts: 2, outcome: 'succeeded' }]);
  });

  it('loses the lock with its connection, says so to the work, and another goes on', async () => {
    const held = heldWork();
    const running = runner.run(due, held.work);
    const outcome = expect(running).rejects.toThrow(DependencyUnavailableError);
    await held.began();
    await database.sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE locktype = 'advisory'
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await until(() => held.signals[0]!.aborted);
    expect(await other.run(due, () => Promise.resolve({ by: 'the other' }))).toMatchObject({
      state: 'succeeded',
    });
    held.release({ by: 'the first' });
    await outcome;
    expect(await runs()).toMatchObject([{ attempts: 2, details: { by: 'the other' } }]);
  });

  it('forgets runs of more than 30 days ago', async () => {
    const now = Date.now();
    const daysAgo = (days: number) => ({ ...due, tick: new Date(now - days * 86_400_000) });
    for (const days of [31, 40, 29]) {
      await runner.run(daysAgo(days), nothing);
    }
    expect(await runner.forgetOldRuns()).toBe(2);
    expect(await runs()).toMatchObject([{ tick: daysAgo(29).tick }]);
  });

  it('says that Postgres is away', async () => {
    const gone = new URL(database.url);
    gone.port = '1';
    const source = new DataSource(dataSourceOptions({ url: gone.href }));
    const door = new Database(source, new Metrics());
    const away = new JobRunner(door, new JobRunStore(door), new MovableClock());
    await expect(away.run(due, nothing)).rejects.toThrow(DependencyUnavailableError);
  });
});
