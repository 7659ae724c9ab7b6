import { randomUUID } from 'node:crypto';
import { Metrics } from '../../libs/metrics';
import { Outbox } from '../../libs/sync';
import { SyncTimings } from '../../libs/sync';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { CommandCounter } from '../support/command-counter';
import { inTurns } from '../support/in-turns';
import { Scrape } from '../support/metrics';
import { sharedStores } from '../support/shared-stores';
import { startTestRedis, type TestRedis } from '../support/stores';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const PROFILE = '/api/auth/profile';

/** Waits for the sum of a metric, which is NaN while the metric has no sample. */
const metricWait =
  (scrape: () => Promise<Scrape>) =>
  (name: string, labels: Record<string, string>, expected: number | ((sum: number) => boolean)) =>
    until(
      `${name} has the expected value`,
      async () => (await scrape()).sum(name, labels),
      expected,
    );

describe('GET /metrics', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ timings: new SyncTimings(), realHashes: true });
  });

  afterAll(async () => {
    await app.close();
  });

  const scrape = () => Scrape.of(app.http.origin);
  const untilMetric = metricWait(scrape);

  /** The growth of a metric during the work. */
  async function growth(
    name: string,
    labels: Record<string, string>,
    work: () => Promise<unknown>,
  ): Promise<number> {
    const before = (await scrape()).sum(name, labels);
    await work();
    return (await scrape()).sum(name, labels) - (Number.isNaN(before) ? 0 : before);
  }

  it('answers Prometheus text that no cache may keep', async () => {
    const { status, headers } = await app.http.get('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await app.http.call('HEAD', '/metrics')).status).toBe(200);
    expect((await app.http.post('/metrics')).status).toBe(405);
  });

  it('has no metric and no series twice, and follows the naming conventions', async () => {
    await app.register();
    const { text, types, samples } = await scrape();
    const families = text.split('\n').filter((line) => line.startsWith('# TYPE '));
    expect(new Set(families).size).toBe(families.length);
    const series = samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
    expect(new Set(series).size).toBe(series.length);
    expect(samples.filter(({ value }) => Number.isNaN(value))).toEqual([]);
    const ours = [...types].filter(([name]) => !/^(nodejs|process)_/.test(name));
    for (const [name, type] of ours) {
      expect(name).toMatch(/^latchkey_[a-z_]+$/);
      expect([name, type === 'counter']).toEqual([name, name.endsWith('_total')]);
      expect([name, type === 'histogram']).toEqual([
        name,
        type === 'histogram' && name.endsWith('_seconds'),
      ]);
    }
  });

  it('counts requests by the pattern of their route, method and status', async () => {
    const { accessToken: token } = await app.register();
    const route = '/api/auth/sessions/:id';
    const name = 'latchkey_http_requests_total';
    const labels = { route, method: 'DELETE', status: '404' };
    const removed = () =>
      inTurns(3, 3, () => app.http.delete(`/api/auth/sessions/${randomUUID()}`, { token }));
    expect(await growth(name, labels, removed)).toBe(3);

    const profile = { route: PROFILE, method: 'GET', status: '200' };
    expect(await growth(name, profile, () => app.http.get(PROFILE, { token }))).toBe(1);
    const head = { ...profile, method: 'HEAD' };
    const asked = () => app.http.call('HEAD', PROFILE, { token });
    expect(await growth(name, head, asked)).toBe(1);
    expect(await growth(name, profile, asked)).toBe(0);
    const refused = { ...profile, status: '401' };
    expect(await growth(name, refused, () => app.http.get(PROFILE))).toBe(1);
  });

  it('measures durations, by class of status', async () => {
    const { accessToken: token } = await app.register();
    const labels = { route: PROFILE, method: 'GET', status_class: '2xx' };
    const work = () => app.http.get(PROFILE, { token });
    const name = 'latchkey_http_request_duration_seconds';
    expect(await growth(`${name}_count`, labels, work)).toBe(1);
    const took = await growth(`${name}_sum`, labels, work);
    expect(took).toBeGreaterThan(0);
    expect(took).toBeLessThan(60);
  });

  it('has one label for all paths without a route', async () => {
    const series = async () => (await scrape()).find('latchkey_http_requests_total').length;
    const ask = (index: number) =>
      app.http.call(index % 2 ? 'PROPFIND' : 'GET', `/nowhere/${randomUUID()}`);
    await inTurns(2, 1, ask);
    await scrape();
    const before = await series();
    const labels = { route: 'none', status: '404' };
    const grown = growth('latchkey_http_requests_total', labels, () => inTurns(20, 4, ask));
    expect(await grown).toBe(20);
    expect(await series()).toBe(before);
    const { samples } = await scrape();
    const values = samples.flatMap((sample) => Object.values(sample.labels));
    expect(values.filter((value) => /nowhere|[0-9a-f]{8}-[0-9a-f]{4}/.test(value))).toEqual([]);
  });

  it('counts requests in flight, itself among them', async () => {
    const { accessToken: token, user } = await app.register();
    const holder = app.database.sql.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [user.id]);
    const answer = app.http.put(PROFILE, { token, json: { bio: 'waiting' } });
    await untilMetric('latchkey_http_requests_in_flight', {}, 2);
    await holder.rollbackTransaction();
    await holder.release();
    expect((await answer).status).toBe(200);
    await untilMetric('latchkey_http_requests_in_flight', {}, 1);
  });

  it('counts reads of profiles by the result of the cache', async () => {
    const { accessToken: token } = await app.register();
    const name = 'latchkey_cache_reads_total';
    const profiles = (result: string) => ({ cache: 'profile', result });
    const read = () => app.http.get(PROFILE, { token });
    expect(await growth(name, profiles('MISS'), read)).toBe(1);
    expect(await growth(name, profiles('HIT'), read)).toBe(1);
    expect(await growth(name, profiles('BYPASS'), read)).toBe(0);
  });

  it('measures commands of Redis by script, and work with Postgres by its kind', async () => {
    const { accessToken: token } = await app.register();
    const redis = 'latchkey_redis_command_duration_seconds_count';
    const read = () => app.http.get(PROFILE, { token });
    expect(await growth(redis, { command: 'lease-entry', outcome: 'ok' }, read)).toBe(1);
    expect(await growth(redis, { command: 'verify-sessions', outcome: 'ok' }, read)).toBe(1);
    const postgres = 'latchkey_postgres_operation_duration_seconds_count';
    const write = () => app.http.put(PROFILE, { token, json: { bio: 'Analyst' } });
    expect(await growth(postgres, { operation: 'transaction', outcome: 'ok' }, write)).toBe(1);
    const reserved = { operation: 'reserved', outcome: 'ok' };
    await untilMetric(postgres, reserved, (count) => count > 3);
  });

  it('does not count an error of the product as an unavailable store', async () => {
    const email = newEmail();
    await app.register(email);
    const postgres = 'latchkey_postgres_operation_duration_seconds_count';
    const json = { email, password: PASSWORD };
    const register = () => app.http.post('/api/auth/register', { json });
    expect(await growth(postgres, { outcome: 'failed' }, register)).toBe(1);
    expect((await scrape()).find(postgres, { outcome: 'unavailable' })).toEqual([]);
  });

  it('counts sign-ins and refreshes by result', async () => {
    const email = newEmail();
    const { refreshToken, user } = await app.register(email);
    const login = (password: string) => () =>
      app.http.post('/api/auth/login', { json: { email, password } });
    const name = 'latchkey_logins_total';
    expect(await growth(name, { result: 'succeeded' }, login(PASSWORD))).toBe(1);
    expect(await growth(name, { result: 'invalid_credentials' }, login('wrong one'))).toBe(1);
    await app.database.sql.query('UPDATE users SET disabled_at = now() WHERE id = $1', [user.id]);
    expect(await growth(name, { result: 'disabled' }, login(PASSWORD))).toBe(1);

    const refreshes = 'latchkey_refreshes_total';
    const refresh = (token: string) => () =>
      app.http.post('/api/auth/refresh', { json: { refreshToken: token } });
    expect(await growth(refreshes, { result: 'succeeded' }, refresh(refreshToken))).toBe(1);
    expect(await growth(refreshes, { result: 'token_invalid' }, refresh('nonsense'))).toBe(1);
  });

  it('counts ended sessions by reason, each once', async () => {
    const name = 'latchkey_sessions_revoked_total';
    const email = newEmail();
    const { accessToken: token } = await app.register(email);
    const post = (path: string) => () => app.http.post(`/api/auth/${path}`, { token });
    const logout = { reason: 'logout' };
    const atOnce = () => inTurns(6, 6, post('logout'));
    expect(await growth(name, logout, atOnce)).toBe(1);

    const [first, second] = [await app.login(email), await app.login(email)];
    const all = () => app.http.post('/api/auth/logout-all', { token: second.accessToken });
    expect(await growth(name, { reason: 'logout_all' }, all)).toBe(2);
    expect((await app.http.get(PROFILE, { token: first.accessToken })).status).toBe(401);
    const reasons = (await scrape()).find(name).map(({ labels }) => labels.reason);
    expect(reasons).toContain('account_deleted');
    expect(reasons).toHaveLength(12);
  });

  it('measures the delay until a revocation holds, and exports its bound', async () => {
    const { accessToken: token } = await app.register();
    const logout = () => app.http.post('/api/auth/logout', { token });
    expect(await growth('latchkey_revocation_lag_seconds_count', {}, logout)).toBe(1);
    const found = await scrape();
    expect(found.sum('latchkey_revocation_lag_bound_seconds')).toBe(1);
    // A boundary at the bound, so that values above it can be counted.
    const kind = 'session-revoked';
    expect(found.sum('latchkey_outbox_lag_seconds_bucket', { kind, le: '1' })).toBe(0);
  });

  it('measures the lag of a change in Redis that another process made', async () => {
    const kind = 'all-sessions-revoked';
    const details = { generation: 2 };
    const change = async () => {
      await app.nest.get(Outbox).append({ kind, userId: randomUUID(), details });
      await untilMetric(name, { kind }, (count) => count > 0);
    };
    const name = 'latchkey_outbox_lag_seconds_count';
    expect(await growth(name, { kind }, change)).toBe(1);
    const late = (await scrape()).find('latchkey_outbox_lag_seconds_sum', { kind })[0]?.value;
    expect(late).toBeGreaterThanOrEqual(0);
    expect((await scrape()).sum(name, { kind: 'session-revoked' })).toBe(0);
  });

  it('has the statistics, read once a second at most', async () => {
    const stays = await app.register();
    const leaves = await app.register();
    await app.http.get(PROFILE, { token: stays.accessToken });
    await app.http.post('/api/auth/logout', { token: leaves.accessToken });
    for (const name of ['active_sessions', 'cached_profiles', 'blacklisted_tokens']) {
      await untilMetric(`latchkey_${name}`, {}, (count) => count > 0);
    }
    const counter = await CommandCounter.start(app.redis.url);
    try {
      const beganMs = performance.now();
      const commands = await counter.during(() => inTurns(30, 10, scrape));
      const seconds = Math.ceil((performance.now() - beganMs) / 1000);
      // The commands of the statistics and of the health report.
      expect(commands.length).toBeLessThanOrEqual(5 * (seconds + 1));
    } finally {
      counter.stop();
    }
  });

  it('measures the hashing of passwords, and its queue', async () => {
    const email = newEmail();
    await app.register(email);
    const verify = 'latchkey_password_hashing_duration_seconds_count';
    const labels = { operation: 'verify' };
    expect(await growth(verify, labels, () => app.login(email))).toBe(1);

    const flood = inTurns(40, 40, () => app.login(email));
    await untilMetric('latchkey_password_hashing_waiting', {}, (count) => count > 0);
    expect((await scrape()).sum('latchkey_password_hashing_in_progress')).toBeLessThanOrEqual(4);
    await flood;
    const idle = await scrape();
    expect(idle.sum('latchkey_password_hashing_waiting')).toBe(0);
    expect(idle.sum('latchkey_password_hashing_in_progress')).toBe(0);
  });

  it('has runs of jobs, their removals and findings, and audit events', async () => {
    const { jobs } = app.nest.get(Metrics);
    jobs.expect('clean-up');
    expect((await scrape()).sum('latchkey_job_runs_total', { job_name: 'clean-up' })).toBe(0);
    const failedLogins = async () =>
      (await scrape()).sum('latchkey_audit_events_total', { event: 'login_failed' });
    const failedBefore = await failedLogins();
    const beganS = Date.now() / 1000;
    jobs.ran('clean-up', 'succeeded', 1500);
    jobs.ran('clean-up', 'failed', 500);
    jobs.removed('clean-up', 'sessions', 7);
    const json = { email: newEmail(), password: 'not the password' };
    expect((await app.http.post('/api/auth/login', { json })).status).toBe(401);

    const found = await scrape();
    const job = { job_name: 'clean-up' };
    const sum = (name: string, labels = {}) => found.sum(`latchkey_${name}`, labels);
    expect(sum('job_runs_total', { ...job, outcome: 'succeeded' })).toBe(1);
    expect(sum('job_runs_total', { ...job, outcome: 'failed' })).toBe(1);
    expect(sum('job_duration_seconds_sum', job)).toBe(2);
    expect(sum('job_removed_total', { ...job, what: 'sessions' })).toBe(7);
    expect(sum('job_last_success_timestamp_seconds', job)).toBeGreaterThanOrEqual(beganS);
    expect((await failedLogins()) - failedBefore).toBe(1);
  });

  it('contains nothing of a user', async () => {
    const email = newEmail();
    const { accessToken, refreshToken, user, session } = await app.register(email);
    await app.http.get(`${PROFILE}?token=${accessToken}`, { token: accessToken });
    await app.http.post('/api/auth/login', { json: { email, password: 'wrong' } });
    const { text } = await scrape();
    for (const secret of [accessToken, refreshToken, email, user.id, session.id, PASSWORD]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('GET /metrics of an application whose stores fail', () => {
  let app: TestApp;
  let redisServer: TestRedis;
  let redis: TcpProxy;
  let postgres: TcpProxy;

  beforeAll(async () => {
    redisServer = await startTestRedis();
    redis = await TcpProxy.start(Number(new URL(redisServer.url).port));
    postgres = await TcpProxy.start(Number(new URL(sharedStores().postgresUrl).port));
    app = await startTestApp({ redisPort: redis.port, postgresPort: postgres.port });
  });

  afterAll(async () => {
    redis.restore();
    postgres.restore();
    await app.close();
    redis.stop();
    postgres.stop();
    await redisServer.stop();
  });

  const scrape = () => Scrape.of(app.http.origin);
  const untilMetric = metricWait(scrape);

  it('answers without Redis: without statistics rather than with wrong ones, and with the cause', async () => {
    await untilMetric('latchkey_redis_in_sync', {}, 1);
    await untilMetric('latchkey_active_sessions', {}, (count) => !Number.isNaN(count));
    redis.hang();
    const state = { store: 'redis', state: 'closed' };
    await untilMetric('latchkey_redis_in_sync', {}, 0);
    await untilMetric('latchkey_active_sessions', {}, NaN);
    const { accessToken: token } = await app.register();
    const name = 'latchkey_redis_command_duration_seconds_count';
    await until(
      'a command is counted as unavailable',
      async () => {
        await app.http.get(PROFILE, { token });
        return (await scrape()).sum(name, { outcome: 'unavailable' });
      },
      (count) => count > 0,
    );
    redis.restore();
    redis.endConnections();
    await untilMetric('latchkey_redis_in_sync', {}, 1);
    await untilMetric('latchkey_circuit_breaker_state', state, 1);
    await untilMetric('latchkey_active_sessions', {}, (count) => !Number.isNaN(count));
  });

  it('has the warnings of the health report while they last, and the Postgres pool', async () => {
    const unreachable = { store: 'redis', code: 'unreachable' };
    await untilMetric('latchkey_health_warning', unreachable, 0);
    redis.cut();
    await untilMetric('latchkey_health_warning', unreachable, 1);
    redis.restore();
    await untilMetric('latchkey_health_warning', unreachable, 0);
    const found = await scrape();
    expect(found.sum('latchkey_health_warning', { store: 'postgres' })).toBe(0);
    const pool = (state: string) => found.sum('latchkey_postgres_pool_connections', { state });
    expect(pool('in_use') + pool('idle')).toBeGreaterThan(0);
    expect(pool('waiting')).toBe(0);
  });

  it('answers without both, and counts the results of sign-ins', async () => {
    const email = newEmail();
    const { accessToken: token } = await app.register(email);
    const states = async () => {
      const found = await scrape();
      return ['redis', 'postgres'].map((store) =>
        found.sum('latchkey_circuit_breaker_state', { store, state: 'closed' }),
      );
    };
    expect(await states()).toEqual([1, 1]);
    redis.cut();
    postgres.cut();
    await until(
      'the breaker of Postgres is not closed',
      async () => {
        await inTurns(10, 10, () => app.http.get(PROFILE, { token }));
        return (await states())[1];
      },
      0,
    );
    const json = { email, password: PASSWORD };
    expect((await app.http.post('/api/auth/login', { json })).status).toBe(503);
    const found = await scrape();
    expect(found.sum('latchkey_logins_total', { result: 'unavailable' })).toBe(1);
    await untilMetric('latchkey_active_sessions', {}, NaN);
  });
});
