import { HealthTimings } from '../../apps/api/health/health-timings';
import { SyncTimings } from '../../libs/sync';
import { startTestApp, type TestApp } from '../support/app';
import { until } from '../support/until';
import { PostgresNode } from './postgres-node';

const VERIFY = '/api/auth/verify';
const PAUSE_MS = 100;
/** The timeout of a gateway: less than any deadline of a statement on Postgres. */
const DEADLINE_MS = 2_000;
/** Twice as long as in production, so that a busy machine has time, and in the same proportions. */
const SLOWNESS = 2;

function slowedDown(): SyncTimings {
  const timings = new SyncTimings();
  return Object.assign(timings, {
    intervalMs: SLOWNESS * timings.intervalMs,
    outboxDeadlineMs: SLOWNESS * timings.outboxDeadlineMs,
    leaseMs: SLOWNESS * timings.leaseMs,
  });
}

describe('while Postgres hangs', () => {
  const timings = slowedDown();
  let postgres: PostgresNode;
  let app: TestApp;

  beforeAll(async () => {
    postgres = await PostgresNode.start();
    app = await startTestApp({ timings, env: { DATABASE_URL: postgres.url } });
    app.nest.get(HealthTimings).cacheMs = 0;
  }, 120_000);

  afterAll(async () => {
    postgres.resume();
    await app.close();
    await postgres.stop();
  });

  async function verify(token: string): Promise<number | 'late'> {
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${app.http.origin}${VERIFY}`, { headers, signal })).status;
    } catch {
      return 'late';
    }
  }

  it('Redis answers every verification, and revoked sessions stay refused', async () => {
    const [alive, ended] = [await app.register(), await app.register()];
    await until('the token is accepted', () => verify(alive.accessToken), 200);
    await app.http.post('/api/auth/logout', { token: ended.accessToken });

    postgres.suspend();
    const untilMs = performance.now() + 5 * timings.leaseMs;
    const answers: Record<string, number> = {};
    while (performance.now() < untilMs) {
      const [ofAlive, ofEnded] = await Promise.all([
        verify(alive.accessToken),
        verify(ended.accessToken),
        new Promise((resolve) => setTimeout(resolve, PAUSE_MS)),
      ]);
      const both = `${ofAlive} ${ofEnded}`;
      answers[both] = (answers[both] ?? 0) + 1;
    }
    expect(answers).toEqual({ '200 401': expect.any(Number) as number });

    postgres.resume();
    await until('the API is ready', async () => (await app.http.get('/health/ready')).status, 200);
    const { accessToken: token } = await app.register();
    expect((await app.http.put('/api/auth/profile', { token, json: { bio: 'on' } })).status).toBe(
      200,
    );
    expect(await verify(ended.accessToken)).toBe(401);
  }, 60_000);
});
