import { setTimeout as pause } from 'node:timers/promises';
import type { HealthReportDto } from '../../apps/api/health/health.dto';
import { PostgresNode } from '../faults/postgres-node';
import { RedisNode } from '../faults/redis-node';
import { ApiProcess } from '../support/api-process';
import { buildOnce } from '../support/build';
import { someOf } from '../support/long-tests';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

/** A usual timeout of a Kubernetes probe. Answers must arrive within it. */
const PROBE_DEADLINE_MS = 5000;
const SETTLE_DEADLINE_MS = 20_000;

type State = 'up' | 'dead' | 'hung';

/** The essentials of the answers of the three endpoints. */
interface Answers {
  live: string;
  ready: string;
  health: string;
}

/** A row of the table in docs/health.md. */
interface Row extends Answers {
  redis: State;
  postgres: State;
}

const OK = '200 OK connected';
const ERROR = '503 ERROR disconnected null';
const LIVE = '200 ok';
const STOPPING = '503 error: shutdown down';

/** `redis up` stands for a Redis that answers, in sync or, for a moment, stale. */
const TABLE: Row[] = [
  {
    redis: 'up',
    postgres: 'up',
    live: LIVE,
    ready: '200 ok: redis up, postgres up',
    health: OK,
  },
  ...(['dead', 'hung'] as const).map((redis) => ({
    redis,
    postgres: 'up' as const,
    live: LIVE,
    ready: '200 degraded: redis unreachable, postgres up',
    health: ERROR,
  })),
  ...(['dead', 'hung'] as const).map((postgres) => ({
    redis: 'up' as const,
    postgres,
    live: LIVE,
    ready: '503 error: redis up, postgres unreachable',
    health: OK,
  })),
  ...(['dead', 'hung'] as const).flatMap((redis) =>
    (['dead', 'hung'] as const).map((postgres) => ({
      redis,
      postgres,
      live: LIVE,
      ready: '503 error: redis unreachable, postgres unreachable',
      health: ERROR,
    })),
  ),
];

describe('probes', () => {
  let api: ApiProcess;
  let redis: RedisNode;
  let postgres: PostgresNode;
  let toPostgres: TcpProxy;

  beforeAll(async () => {
    await buildOnce();
    [redis, postgres] = await Promise.all([RedisNode.start(), PostgresNode.start()]);
    toPostgres = await TcpProxy.start(postgres.port);
  }, 120_000);

  async function start(): Promise<void> {
    const databaseUrl = new URL(postgres.url);
    databaseUrl.port = String(toPostgres.port);
    api = await ApiProcess.spawn({
      DATABASE_URL: databaseUrl.href,
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      SHUTDOWN_DELAY: '1h',
    });
    await api.untilServing();
    await settle(TABLE[0]!);
  }

  afterAll(async () => {
    toPostgres.stop();
    await Promise.all([redis.stop(), postgres.stop()]);
  });

  async function breakRedis(state: State): Promise<void> {
    if (state === 'dead') {
      await redis.kill();
    } else if (state === 'hung') {
      redis.suspend();
    }
  }

  /** Hung behind a wire: Postgres is many processes, and only one of them takes connections. */
  async function breakPostgres(state: State): Promise<void> {
    if (state === 'dead') {
      await postgres.crash();
    } else if (state === 'hung') {
      toPostgres.hang();
    }
  }

  async function repair(row: Row): Promise<void> {
    if (row.redis === 'dead') {
      await redis.startEmpty();
    }
    if (row.postgres === 'dead') {
      await postgres.startAgain();
    }
    redis.resume();
    toPostgres.restore();
  }

  async function get<Body>(path: string): Promise<[number, Body]> {
    const signal = AbortSignal.timeout(PROBE_DEADLINE_MS);
    const response = await fetch(api.http.origin + path, { signal });
    return [response.status, (await response.json()) as Body];
  }

  async function live(): Promise<string> {
    const [status, body] = await get<HealthReportDto>('/health/live');
    expect(body.details).toEqual({});
    return `${status} ${body.status}`;
  }

  async function ready(): Promise<string> {
    const [status, { status: report, details }] = await get<HealthReportDto>('/health/ready');
    const stores = (['redis', 'postgres', 'shutdown'] as const).flatMap((name) => {
      const detail = details[name];
      if (!detail) {
        return [];
      }
      const codes = 'warnings' in detail ? detail.warnings.map(({ code }) => code) : [];
      return [`${name} ${codes.includes('unreachable') ? 'unreachable' : detail.status}`];
    });
    const moment = /^200 degraded: redis degraded, postgres up$/;
    return `${status} ${report}: ${stores.join(', ')}`
      .replace(moment, '200 ok: redis up, postgres up')
      .replace('redis degraded', 'redis up');
  }

  async function health(): Promise<string> {
    const [status, body] = await get<Record<string, unknown>>('/api/auth/health');
    expect(Object.keys(body)).toEqual(['status', 'redis', 'sessionStats']);
    const stats = body.sessionStats === null ? ' null' : '';
    return `${status} ${String(body.status)} ${String(body.redis)}${stats}`;
  }

  /** All three at once, like concurrent probes. */
  async function answers(): Promise<Answers> {
    const [liveAnswer, readyAnswer, healthAnswer] = await Promise.all([live(), ready(), health()]);
    return { live: liveAnswer, ready: readyAnswer, health: healthAnswer };
  }

  /** Waits until the answers are those of the row. */
  async function settle({ live, ready, health }: Answers): Promise<void> {
    const beganMs = performance.now();
    await until('the probes answer as in the table', answers, { live, ready, health });
    expect(performance.now() - beganMs).toBeLessThan(SETTLE_DEADLINE_MS);
  }

  /** Checks that no cancelled work has logged an error later. */
  function expectQuiet(): void {
    expect([api.isAlive, api.complaint, api.logged('error')]).toEqual([true, '', []]);
  }

  describe('while it serves', () => {
    beforeAll(start);

    afterAll(() => api.kill());

    const [BOTH_UP, ...FAULTS] = TABLE;

    it.each([BOTH_UP!, ...someOf(FAULTS, 4)])(
      'Redis $redis, Postgres $postgres: $ready',
      async (row) => {
        try {
          await Promise.all([breakRedis(row.redis), breakPostgres(row.postgres)]);
          await settle(row);
          // Longer than the life of the cached report: the answers stay the same.
          for (let time = 0; time < 3; time += 1) {
            await pause(500);
            expect(await answers()).toEqual({
              live: row.live,
              ready: row.ready,
              health: row.health,
            });
          }
        } finally {
          await repair(row);
        }
        await settle(TABLE[0]!);
        expectQuiet();
      },
    );
  });

  describe('while it shuts down', () => {
    beforeEach(start);

    afterEach(() => api.kill());

    const STATES = [
      { redis: 'up', postgres: 'up', health: OK },
      { redis: 'dead', postgres: 'dead', health: ERROR },
      { redis: 'hung', postgres: 'hung', health: ERROR },
    ] as const;

    it.each(someOf(STATES, 1))(
      'Redis $redis, Postgres $postgres: it is not ready from the first probe on',
      async ({ redis: redisState, postgres: postgresState, health: healthAnswer }) => {
        const row = TABLE.find(
          (one) => one.redis === redisState && one.postgres === postgresState,
        )!;
        try {
          await Promise.all([breakRedis(redisState), breakPostgres(postgresState)]);
          await settle(row);
          // The cached report has another state.
          expect(await ready()).toBe(row.ready);
          api.signal('SIGTERM');
          await until(
            'the log says that the process stops',
            () => api.logged('info'),
            (lines) => lines.some((line) => line.startsWith('stopping')),
          );
          expect(await ready()).toBe(STOPPING);
          await settle({ live: LIVE, ready: STOPPING, health: healthAnswer });
          expectQuiet();
        } finally {
          await repair(row);
        }
      },
    );
  });
});
