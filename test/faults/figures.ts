import { performance } from 'node:perf_hooks';
import { until } from '../support/until';
import type { Cluster } from './cluster';
import { Faults } from './faults';
import { askRepeatedly, Meter } from './load/meter';
import { populate } from './load/population';
import { send, type Reply } from './load/send';
import { useCluster } from './scenario';

/*
 * Prints the cost of failures as a table; asserts nothing about time:
 *   node tools/test.mjs --testMatch '<rootDir>/test/faults/figures.ts'
 */

const USERS = 1_000;
const READS = { clients: 8, requests: 3_000 };
const RECOVERY = { clients: 50, requests: 2 * USERS };
const PROBE = { clients: 2, requests: 600 };

const rows: [what: string, figure: string][] = [];

function report(what: string, figure: string): void {
  rows.push([what, figure]);
}

function latencies(meter: Meter): string {
  const [median, most, longest] = [0.5, 0.99, 1].map((share) =>
    meter.percentileMs(share).toFixed(1),
  );
  const { count, failed } = meter;
  return `p50 ${median} ms, p99 ${most} ms, longest ${longest} ms (${failed} of ${count} failed)`;
}

const inMs = (ms: number): string => `${Math.round(ms)} ms`;

describe('figures', () => {
  const cluster = useCluster({ ownPostgres: true });
  let tokens: string[];
  let faults: Faults;

  const read = (index: number): Promise<Reply> => {
    const instance = cluster().instances[index % 2]!;
    const token = tokens[index % tokens.length]!;
    return send(instance.origin, { method: 'GET', path: '/api/auth/profile', token });
  };

  beforeAll(async () => {
    faults = new Faults(cluster());
    tokens = await populate(cluster(), USERS);
    await cluster().database.query('CREATE EXTENSION pg_stat_statements');
    await askRepeatedly(new Meter(), RECOVERY, read);
  });

  afterAll(() => {
    const lines = rows.map(([what, figure]) => `| ${what} | ${figure} |`);
    process.stdout.write(`\n| what | figure |\n| --- | --- |\n${lines.join('\n')}\n\n`);
  });

  afterEach(async () => {
    await faults.recovered();
  });

  it('with Redis up', async () => {
    const meter = new Meter();
    await askRepeatedly(meter, READS, read);
    report('profile read, Redis up', latencies(meter));
  });

  it('with Redis dead', async () => {
    const probe = new Meter();
    const probing = askRepeatedly(probe, PROBE, read);
    const diedMs = performance.now();
    await faults.killRedis();
    await probing;
    report('Redis dies: first good answer after', inMs(probe.firstGoodAfterMs(diedMs)));
    report('profile read, the moment Redis dies', latencies(probe));
    const meter = new Meter();
    await askRepeatedly(meter, READS, read);
    report('profile read, Redis dead', latencies(meter));
    await faults.restartRedisEmpty();
    report('Redis is back (empty): in sync after', inMs(await timeToSync(cluster())));
  });

  it('with Redis hung', async () => {
    const meter = new Meter();
    faults.suspendRedis();
    await askRepeatedly(meter, PROBE, read);
    report('profile read, the moment Redis hangs', latencies(meter));
    const later = new Meter();
    await askRepeatedly(later, READS, read);
    report('profile read, Redis hung', latencies(later));
    faults.resumeRedis();
    report('Redis goes on: in sync after', inMs(await timeToSync(cluster())));
  });

  it('with Redis empty', async () => {
    await faults.killRedis();
    await faults.restartRedisEmpty();
    await cluster().settled();
    await cluster().database.query('SELECT pg_stat_statements_reset()');
    const meter = new Meter();
    await askRepeatedly(meter, RECOVERY, read);
    report(`profile read, ${USERS} users whom Redis lost`, latencies(meter));
    for (const [what, condition] of Object.entries(STATEMENTS)) {
      report(`statements on Postgres meanwhile: ${what}`, await statements(cluster(), condition));
    }
  });
});

/** Conditions on the text of a statement. */
const STATEMENTS = {
  'looking sessions up': `query LIKE '%FROM sessions session JOIN subjects%ANY(%'`,
  'reading profiles': `query LIKE '%FROM "users"%'`,
  'all but those of the test': 'true',
};

async function statements(cluster: Cluster, condition: string): Promise<string> {
  const rows = await cluster.database.query<{ calls: string }>(
    `SELECT coalesce(sum(calls), 0) AS calls FROM pg_stat_statements
      WHERE query NOT LIKE '%pg_stat_statements%' AND ${condition}`,
  );
  return rows[0]?.calls ?? '0';
}

async function timeToSync(cluster: Cluster): Promise<number> {
  const beganMs = performance.now();
  await until(
    'every instance is in sync with Redis',
    () => Promise.all(cluster.instances.map((instance) => instance.readiness())),
    (all) => all.every((readiness) => readiness?.redisIsUp),
  );
  return performance.now() - beganMs;
}
