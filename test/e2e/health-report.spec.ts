import { HealthTimings } from '../../apps/api/health/health-timings';
import { freePort } from '../../tools/local/ports.mjs';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { ApiProcess } from '../support/api-process';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { buildOnce } from '../support/build';
import { readiness, untilInSync, untilWarned } from '../support/health-report';
import {
  createTestDatabase,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../support/stores';
import { until } from '../support/until';

const MIB = 1024 * 1024;

describe('the readiness report', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    app.nest.get(HealthTimings).cacheMs = 0;
  });

  // The previous test may have made Redis stale for a moment.
  beforeEach(async () => {
    await untilInSync(app);
  });

  afterAll(async () => {
    await app.close();
  });

  it('has the figures of both stores', async () => {
    await app.register();
    const { status, report, redis, postgres } = await readiness(app);
    expect([status, report]).toEqual([200, 'ok']);
    expect(redis).toEqual({
      status: 'up',
      warnings: [],
      inSync: true,
      circuit: 'closed',
      outboxLag: {
        lastMs: expect.any(Number) as number,
        maxMs: expect.any(Number) as number,
        applied: expect.any(Number) as number,
      },
      profileReads: { HIT: 0, MISS: 0, BYPASS: 0 },
      latencyMs: expect.any(Number) as number,
      statistics: { activeSessions: 1, cachedProfiles: 0, blacklistedTokens: 0 },
      software: expect.stringMatching(/^(redis|valkey)$/) as string,
      version: expect.stringMatching(/^\d+\.\d+/) as string,
      isClusterNode: false,
      role: 'master',
      connectedReplicas: 0,
      usedMemoryBytes: expect.any(Number) as number,
      maxMemoryBytes: 0,
      evictionPolicy: 'noeviction',
      appendOnlyFile: false,
      isPersistenceFailing: false,
    });
    expect(redis.usedMemoryBytes).toBeGreaterThan(MIB / 2);
    const pool = expect.any(Object) as object;
    expect(postgres).toEqual({
      status: 'up',
      warnings: [],
      circuit: 'closed',
      pool,
      latencyMs: expect.any(Number) as number,
      version: expect.stringMatching(/^\d+\.\d+/) as string,
      hasPendingMigrations: false,
    });
  });

  it('counts the connections of the pool, and answers while all of them are in use', async () => {
    const holder = app.database.sql.createQueryRunner();
    await holder.startTransaction();
    const { accessToken: token } = await app.register();
    await holder.query('LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE');
    const lists = Array.from({ length: 12 }, () => app.http.get('/api/auth/sessions', { token }));
    await until(
      'requests wait for a connection',
      async () => (await readiness(app)).postgres.pool,
      ({ waiting }) => waiting > 0,
    );
    const { status, postgres } = await readiness(app);
    expect([status, postgres.status]).toEqual([200, 'up']);
    expect(postgres.pool).toEqual({ size: 10, inUse: 10, idle: 0, waiting: 2, maximum: 10 });
    await holder.rollbackTransaction();
    await holder.release();
    await Promise.all(lists);
  });

  it.each([
    ['allkeys-lru', '1gb', ['may_evict']],
    ['allkeys-lru', '0', []],
    ['volatile-ttl', '1gb', []],
    ['volatile-ttl', String(MIB), ['may_evict']],
    ['noeviction', '1gb', []],
    ['noeviction', String(MIB), ['nearly_full']],
  ])('judges %s with maxmemory %s', async (policy, maxMemory, expected) => {
    const { client } = app.redis;
    await client.config('SET', 'maxmemory-policy', policy);
    // So that the server uses more memory than the smallest of the limits.
    await client.setrange('ballast', 2 * MIB, 'x');
    await client.config('SET', 'maxmemory', maxMemory);
    try {
      const { status, report, warnings, redis } = await readiness(app);
      // Without memory it refuses the synchroniser, and may be stale.
      const judged = warnings.filter((code) => !['stale', 'out_of_memory'].includes(code));
      expect([status, judged]).toEqual([200, expected]);
      expect(report).toBe(expected.length > 0 ? 'degraded' : 'ok');
      expect(redis.evictionPolicy).toBe(policy);
    } finally {
      await client.config('SET', 'maxmemory', '0');
      await client.config('SET', 'maxmemory-policy', 'noeviction');
      await client.del('ballast');
    }
  });

  it('warns of tables that have become older than the program, and stays ready', async () => {
    const { sql } = app.database;
    await sql.query('CREATE TABLE kept AS TABLE migrations');
    await sql.query('DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)');
    const older = await readiness(app);
    expect([older.status, older.report, older.warnings]).toEqual([
      200,
      'degraded',
      ['pending_migrations'],
    ]);
    await sql.query('DELETE FROM migrations');
    await sql.query('INSERT INTO migrations TABLE kept');
    expect((await readiness(app)).warnings).toEqual([]);
  });

  it('omits the figures that the user of Redis may not read', async () => {
    const { client } = app.redis;
    await client.call('ACL', 'SETUSER', 'default', '-info');
    const { status, warnings, redis } = await readiness(app);
    expect([status, warnings]).toEqual([200, ['no_figures']]);
    expect(redis.latencyMs).toEqual(expect.any(Number));
    expect(redis.statistics).toEqual(expect.any(Object));
    await client.call('ACL', 'SETUSER', 'default', '+info');
    expect((await readiness(app)).warnings).toEqual([]);
  });
});

describe('a Redis on which the scripts do not work', () => {
  let api: ApiProcess;
  let database: TestDatabase;
  const servers: TestRedis[] = [];

  beforeAll(async () => {
    await buildOnce();
    database = await createTestDatabase();
  }, 120_000);

  afterEach(async () => {
    await api.kill();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  afterAll(async () => {
    await database.drop();
  });

  async function start(...flags: string[]): Promise<TestRedis> {
    const server = await startTestRedis(flags);
    servers.push(server);
    return server;
  }

  async function startApiOn({ url }: TestRedis): Promise<void> {
    api = await ApiProcess.spawn({ REDIS_URL: url, DATABASE_URL: database.url });
    await api.untilServing();
  }

  /** Answered by Postgres, as without Redis. */
  async function expectService(): Promise<void> {
    const json = { email: newEmail(), password: PASSWORD };
    const registered = await api.http.post<AuthResultDto>('/api/auth/register', { json });
    expect(registered.status).toBe(201);
    const token = registered.body.accessToken;
    const profile = await api.http.get('/api/auth/profile', { token });
    expect([profile.status, profile.headers.get('x-cache')]).toEqual([200, 'BYPASS']);
    expect((await api.http.post('/api/auth/logout', { token })).status).toBe(204);
    expect((await api.http.get('/api/auth/profile', { token })).status).toBe(401);
    expect(api.logged('error').filter((line) => line === 'unexpected error')).toEqual([]);
  }

  it('being a node of a Redis Cluster, is named in the report and once in the log', async () => {
    const node = await start('--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`);
    await node.client.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await until(
      'the cluster is formed',
      async () => String(await node.client.call('CLUSTER', 'INFO')),
      (info) => info.includes('cluster_state:ok'),
    );
    await startApiOn(node);
    await until('Redis is not in sync', async () => (await readiness(api)).redis.inSync, false);
    const { status, report, warnings } = await readiness(api);
    expect([status, report]).toEqual([200, 'degraded']);
    expect(warnings).toContain('cluster_node');
    await expectService();
    expect(api.logged('warn').filter((line) => line.includes('Redis Cluster'))).toHaveLength(1);
  });

  it('being a read-only replica, is named in the report and once in the log', async () => {
    const master = await start();
    const replica = await start('--replicaof', `127.0.0.1 ${new URL(master.url).port}`);
    await until(
      'the replica has a link to its master',
      () => replica.client.info('replication'),
      (info) => info.includes('master_link_status:up'),
    );
    await startApiOn(replica);
    await untilWarned(api, 'replica');
    const { status, report, warnings } = await readiness(api);
    expect([status, report]).toEqual([200, 'degraded']);
    expect(warnings).toContain('replica');
    await expectService();
    expect(api.logged('warn').filter((line) => line.includes('replica'))).toHaveLength(1);
  });
});
