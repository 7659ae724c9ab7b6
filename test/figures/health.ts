import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { HealthTimings } from '../../apps/api/health/health-timings';
import { SyncLeases, SyncTimings } from '../../libs/sync';
import { RedisSessionStore } from '../../libs/session/store/redis-session.store';
import { Meter } from '../faults/load/meter';
import { send } from '../faults/load/send';
import { startTestApp, type TestApp } from '../support/app';
import { bareClient } from './bare-client';

/*
 * Prints the cost of a health check with few and with many sessions; asserts nothing about it:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/health.ts'
 */

const SIZES = [100, 1_000_000];
const PATHS = ['/api/auth/health', '/health/ready'];
const ROUNDS = 5;
const CHECKS_A_ROUND = 400;
const SESSIONS_A_USER = 2;
const AT_ONCE = 2_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 * 1024;

jest.setTimeout(15 * 60_000);

/** One size on a Redis of its own. */
interface Subject {
  sessions: number;
  app: TestApp;
  meters: Map<string, Meter>;
  commands: Map<string, Map<string, number>>;
}

describe('figures', () => {
  const subjects: Subject[] = [];
  const lines: string[] = [];

  beforeAll(async () => {
    for (const sessions of SIZES) {
      // The synchroniser does not run, so that only checks send commands.
      const never = { intervalMs: DAY_MS, outboxDeadlineMs: DAY_MS, leaseMs: DAY_MS };
      const timings = Object.assign(new SyncTimings(), never);
      const app = await startTestApp({ timings });
      // Every probe runs a check: its cost is measured.
      app.nest.get(HealthTimings).cacheMs = 0;
      const beganMs = performance.now();
      await seed(app, sessions);
      const seconds = (performance.now() - beganMs) / 1000;
      const used = /used_memory:(\d+)/.exec(await app.redis.client.info('memory'))?.[1];
      lines.push(
        `${sessions} sessions opened in ${seconds.toFixed(1)} s, ` +
          `${(Number(used) / MIB).toFixed(0)} MiB in Redis`,
      );
      const meters = new Map(PATHS.map((path) => [path, new Meter()]));
      subjects.push({ sessions, app, meters, commands: new Map() });
    }
  });

  afterAll(async () => {
    process.stdout.write(`\n${lines.join('\n')}\n\n`);
    await Promise.all(subjects.map(({ app }) => app.close()));
  });

  /** Through the product's own script. Expiries are spread as after a day of sign-ins; none passes soon. */
  async function seed(app: TestApp, sessions: number): Promise<void> {
    const redis = new Redis(app.redis.url, { enableAutoPipelining: true });
    const store = new RedisSessionStore(bareClient(redis));
    const lease = app.nest.get(SyncLeases).at(0).current();
    const nowMs = app.clock.nowMs();
    let userId = '';
    const open = (index: number) => {
      userId = index % SESSIONS_A_USER === 0 ? randomUUID() : userId;
      const expiresAtMs = nowMs + HOUR_MS + Math.floor((index / sessions) * 23 * HOUR_MS);
      const session = { id: randomUUID(), userId, role: 'user', generation: 0, expiresAtMs };
      return store.open(session, lease, nowMs);
    };
    for (let start = 0; start < sessions; start += AT_ONCE) {
      const length = Math.min(AT_ONCE, sessions - start);
      const outcomes = await Promise.all(Array.from({ length }, (_, i) => open(start + i)));
      expect(new Set(outcomes)).toEqual(new Set(['opened']));
    }
    redis.disconnect();
  }

  async function measure(subject: Subject, path: string): Promise<void> {
    const { app, meters, commands } = subject;
    await app.redis.client.config('RESETSTAT');
    for (let check = 0; check < CHECKS_A_ROUND; check += 1) {
      await meters.get(path)!.measure(() => send(app.http.origin, { method: 'GET', path }));
    }
    const stats = await app.redis.client.info('commandstats');
    const counts = commands.get(path) ?? new Map<string, number>();
    for (const [, name = '', calls] of stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)) {
      if (name !== 'config|resetstat') {
        counts.set(name, (counts.get(name) ?? 0) + Number(calls));
      }
    }
    commands.set(path, counts);
  }

  it('of health checks', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const subject of subjects) {
        for (const path of PATHS) {
          await measure(subject, path);
        }
      }
    }
    const checks = ROUNDS * CHECKS_A_ROUND;
    lines.push(
      '| endpoint | sessions | p50 ms | p99 ms | commands a check, those of scripts too |',
    );
    lines.push('| --- | --- | --- | --- | --- |');
    for (const path of PATHS) {
      for (const { sessions, app, meters, commands } of subjects) {
        const meter = meters.get(path)!;
        expect([meter.count, meter.failed]).toEqual([checks, 0]);
        const calls = [...commands.get(path)!]
          .sort()
          .map(([name, count]) => `${name} ${Number((count / checks).toFixed(3))}`);
        lines.push(
          `| ${path} | ${sessions} | ${meter.percentileMs(0.5).toFixed(2)} | ` +
            `${meter.percentileMs(0.99).toFixed(2)} | ${calls.join(', ')} |`,
        );
        const health = await app.http.get<{ sessionStats: { activeSessions: number } }>(PATHS[0]!);
        expect(health.body.sessionStats.activeSessions).toBe(sessions);
      }
    }
  });
});
