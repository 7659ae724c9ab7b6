import { RedisTrust } from '../../libs/sync';
import { SessionRecordStore } from '../../libs/session/store/session-record.store';
import { startTestApp, type TestApp } from '../support/app';
import { TcpProxy } from '../support/tcp-proxy';
import { startTestRedis, type TestRedis } from '../support/stores';
import { until } from '../support/until';

const READS = 300;

/** Measures what docs/consistency.md says, and prints it. */
describe('figures', () => {
  let app: TestApp;
  let server: TestRedis;
  let redis: TcpProxy;

  beforeAll(async () => {
    server = await startTestRedis();
    redis = await TcpProxy.start(Number(new URL(server.url).port));
    app = await startTestApp({ redisPort: redis.port });
  });

  afterAll(async () => {
    redis.restore();
    await app.close();
    redis.stop();
    await server.stop();
  });

  async function read(token: string): Promise<number> {
    const startMs = performance.now();
    const { status } = await app.http.get('/api/auth/profile', { token });
    expect(status).toBe(200);
    return performance.now() - startMs;
  }

  /** One after another: what one client sees. */
  async function latencies(token: string): Promise<string> {
    const all: number[] = [];
    while (all.length < READS) {
      all.push(await read(token));
    }
    all.sort((a, b) => a - b);
    const at = (share: number) => all[Math.floor(share * (READS - 1))]!.toFixed(1);
    return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
  }

  async function backToTrust(): Promise<string> {
    const startMs = performance.now();
    redis.restore();
    await app.nest.get(RedisTrust).gained();
    return `${(performance.now() - startMs).toFixed(0)} ms`;
  }

  it('of profile reads, and of the way back', async () => {
    const trust = app.nest.get(RedisTrust);
    const { accessToken } = await app.register();
    await read(accessToken);
    const figures: Record<string, string> = { 'Redis up': await latencies(accessToken) };

    redis.cut();
    figures['death to first good answer'] = `${(await read(accessToken)).toFixed(1)} ms`;
    figures['Redis dead'] = await latencies(accessToken);
    figures['return to trust, dead before'] = await backToTrust();

    redis.hang();
    figures['hang to first good answer'] = `${(await read(accessToken)).toFixed(1)} ms`;
    figures['Redis hung'] = await latencies(accessToken);
    figures['return to trust, hung before'] = await backToTrust();

    const users = [];
    for (let count = 0; count < 1000; count += 50) {
      users.push(...(await Promise.all(Array.from({ length: 50 }, () => app.register()))));
    }
    const era = trust.era();
    await server.client.flushall();
    await until(() => trust.era() !== null && trust.era() !== era);
    const find = jest.spyOn(app.nest.get(SessionRecordStore), 'find');
    const verify = (token: string) => app.http.get('/api/auth/verify', { token });
    const answers = await Promise.all(users.map((user) => verify(user.accessToken)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    figures['statements for 1000 users at once after FLUSHALL'] = String(find.mock.calls.length);
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  }, 300_000);
});
