import { performance } from 'node:perf_hooks';
import { randomUUID } from 'node:crypto';
import { askRepeatedly, Meter } from '../faults/load/meter';
import { send } from '../faults/load/send';
import { ApiProcess } from '../support/api-process';
import { newEmail, PASSWORD } from '../support/app';
import { buildOnce } from '../support/build';
import { Scrape } from '../support/metrics';
import {
  createTestDatabase,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../support/stores';
import { endlessLease } from '../support/stored-session';
import { RedisSessionStore } from '../../libs/session/store/redis-session.store';
import { bareClient } from './bare-client';

/*
 * Prints the cost of a clean-up for concurrent readers; asserts nothing about it:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/clean-up.ts'
 */

const ENDED_SESSIONS = 1_000_000;
const STALE_USERS = 100_000;
const READERS = 100;
const CLIENTS = 8;
const QUIET_MS = 30_000;
const SLICE = 2_000;
/** The clean-up begins on the minute, on the one instance that has the job. */
const EVERY_MINUTE = '0 * * * * *';

interface Figures {
  reads: Meter;
  tookMs: number;
}

describe('figures', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let instances: { name: string; api: ApiProcess }[];
  let tokens: string[];
  const lines = [
    '| reads from | reads/s | p50 ms | p99 ms | longest ms |',
    '| --- | --- | --- | --- | --- |',
  ];

  beforeAll(async () => {
    await buildOnce();
    [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      REDIS_CHECK_CRON: 'off',
      JOBS_ENABLED: 'true',
    };
    instances = [
      { name: 'an instance', api: await ApiProcess.spawn({ ...env, CLEAN_UP_CRON: 'off' }) },
      {
        name: 'the instance with the job',
        api: await ApiProcess.spawn({ ...env, CLEAN_UP_CRON: EVERY_MINUTE }),
      },
    ];
    await Promise.all(instances.map(({ api }) => api.untilServing()));
    tokens = [];
    while (tokens.length < READERS) {
      tokens.push(await register());
    }
  }, 120_000);

  afterAll(async () => {
    await Promise.all(instances.map(({ api }) => api.kill()));
    await redis.stop();
    await database.drop();
    process.stdout.write(`\n${lines.join('\n')}\n\n`);
  });

  async function register(): Promise<string> {
    const json = { email: newEmail(), password: PASSWORD };
    const { http } = instances[0]!.api;
    return (await http.post<{ accessToken: string }>('/api/auth/register', { json })).body
      .accessToken;
  }

  async function readUntil(api: ApiProcess, isOver: () => boolean): Promise<Figures> {
    const reads = new Meter();
    const beganMs = performance.now();
    while (!isOver()) {
      await askRepeatedly(reads, { clients: CLIENTS, requests: SLICE }, (index) =>
        send(`http://127.0.0.1:${api.port}`, {
          method: 'GET',
          path: '/api/auth/profile',
          token: tokens[index % tokens.length]!,
        }),
      );
    }
    return { reads, tookMs: performance.now() - beganMs };
  }

  async function report(when: string, isOver: () => boolean): Promise<void> {
    const figures = await Promise.all(instances.map(({ api }) => readUntil(api, isOver)));
    figures.forEach(({ reads, tookMs }, index) => {
      expect(reads.failed).toBe(0);
      const [median, most, longest] = [0.5, 0.99, 1].map((share) =>
        reads.percentileMs(share).toFixed(1),
      );
      const perSecond = (reads.count / (tookMs / 1000)).toFixed(0);
      const { name } = instances[index]!;
      lines.push(`| ${name}, ${when} | ${perSecond} | ${median} | ${most} | ${longest} |`);
    });
  }

  async function seedPostgres(): Promise<void> {
    await database.sql.query('SET statement_timeout = 0');
    await database.sql.query(
      `INSERT INTO sessions (id, user_id, generation, role, created_at, last_seen_at, expires_at)
       SELECT gen_random_uuid(), user_id, generation, 'user',
              now() - '40 days'::interval, now() - '40 days'::interval, now() - '31 days'::interval
         FROM subjects, generate_series(1, $1::int)`,
      [ENDED_SESSIONS / READERS],
    );
    await database.sql.query('ANALYZE sessions');
  }

  /** Two members that have expired and one that lives. */
  async function seedRedis(): Promise<void> {
    const store = new RedisSessionStore(bareClient(redis.client));
    const epoch = (await redis.client.get('latchkey:checkpoint'))!.split('|')[0]!;
    const nowMs = Date.now();
    const open = (userId: string, inMs: number) => {
      const session = { id: randomUUID(), userId, role: 'user', generation: 1 };
      return store.open({ ...session, expiresAtMs: nowMs + inMs }, endlessLease(epoch), nowMs);
    };
    for (let user = 0; user < STALE_USERS; user += 1000) {
      const opened = Array.from({ length: 1000 }, () => randomUUID()).flatMap((userId) =>
        [3_600_000, -60_000, -120_000].map((inMs) => open(userId, inMs)),
      );
      await Promise.all(opened);
    }
  }

  it('of reads beside a clean-up', async () => {
    const over = performance.now() + QUIET_MS;
    await report('quiet', () => performance.now() > over);
    // A clean-up that begins in between comes to Redis last.
    await seedPostgres();
    await seedRedis();

    const origin = `http://127.0.0.1:${instances[1]!.api.port}`;
    let lastScrape: Scrape | undefined;
    /** Runs that had ended when most records were deleted. The run that deleted them is not among them. */
    let removedIn: number | undefined;
    let isOver = false;
    const watching = setInterval(() => {
      void Scrape.of(origin).then((scrape) => {
        const runs = scrape.sum('latchkey_job_runs_total', { outcome: 'succeeded' });
        const removed = scrape.sum('latchkey_job_removed_total', { what: 'sessions' });
        if (removed > ENDED_SESSIONS / 2) {
          removedIn ??= runs;
        }
        isOver = removedIn !== undefined && runs > removedIn;
        lastScrape = scrape;
      });
    }, 500);
    await report('clean-up', () => isOver);
    clearInterval(watching);
    const figures = (lastScrape?.samples ?? []).filter(({ name }) =>
      /^latchkey_job_(duration_seconds_(sum|count)|removed_total)$/.test(name),
    );
    lines.push('', JSON.stringify(figures));
  }, 900_000);
});
