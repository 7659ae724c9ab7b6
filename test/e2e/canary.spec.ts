import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Canary } from '../../apps/api/canary/canary';
import { startTestApp, type TestApp } from '../support/app';
import { Scrape } from '../support/metrics';

const REACH = 'latchkey_revocation_reach_seconds_count';
const RESULTS = 'latchkey_canaries_total';

describe('the canary', () => {
  let app: TestApp;
  let other: TestApp;
  let watching: TestApp | undefined;
  /** A peer that still accepts a session this many times. */
  let acceptsStill = 0;
  let deaf: Server;

  beforeAll(async () => {
    app = await startTestApp();
    other = await startTestApp({ beside: app });
    deaf = createServer((_request, response) => {
      response.writeHead(acceptsStill > 0 ? 200 : 401).end();
      acceptsStill -= 1;
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    await watching?.close();
    watching = undefined;
  });

  afterAll(async () => {
    deaf.close();
    await other.close();
    await app.close();
  });

  async function run(peers: string[], limitMs?: number): Promise<Record<string, number>> {
    const env = peers.length > 0 ? { CANARY_PEERS: peers.join() } : undefined;
    watching = await startTestApp({ beside: app, ...(env && { env }) });
    const canary = watching.nest.get(Canary);
    canary.limitMs = limitMs ?? canary.limitMs;
    await canary.run();
    const scrape = await Scrape.of(watching.http.origin);
    return {
      verify: scrape.sum(REACH, { path: 'verify' }),
      stream: scrape.sum(REACH, { path: 'stream' }),
      reached: scrape.sum(RESULTS, { result: 'reached' }),
      late: scrape.sum(RESULTS, { result: 'late' }),
      unmeasured: scrape.sum(RESULTS, { result: 'unmeasured' }),
    };
  }

  const deafOrigin = () => `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`;

  it('tries its session at this instance, and in the stream', async () => {
    expect(await run([])).toEqual({ verify: 1, stream: 1, reached: 2, late: 0, unmeasured: 0 });
  });

  it('tries its session at every instance', async () => {
    const peers = [app, other].map(({ http }) => http.origin);
    expect(await run(peers)).toEqual({ verify: 2, stream: 1, reached: 3, late: 0, unmeasured: 0 });
  });

  it('waits until an instance refuses', async () => {
    acceptsStill = 3;
    expect(await run([deafOrigin()])).toMatchObject({ verify: 1, reached: 2, late: 0 });
    expect(acceptsStill).toBeLessThan(0);
  });

  it('counts an instance that goes on accepting, and logs it', async () => {
    acceptsStill = Infinity;
    expect(await run([deafOrigin()], 300)).toMatchObject({ verify: 1, late: 1 });
    const errors = watching?.log.filter((line) => line.includes('was not refused within 300 ms'));
    expect(errors).toHaveLength(1);
  });

  it('does not measure an instance that does not accept the session', async () => {
    acceptsStill = 0;
    expect(await run([deafOrigin()])).toMatchObject({ verify: 0, reached: 1, unmeasured: 1 });
  });

  it('leaves no trace but the ended session', async () => {
    await run([]);
    const events = await app.database.sql.query<unknown[]>(
      `SELECT FROM audit_events WHERE session_id IN
         (SELECT id FROM sessions WHERE revoked_reason = 'canary')`,
    );
    expect(events).toEqual([]);
    const open = await app.database.sql.query<unknown[]>(
      `SELECT FROM sessions WHERE role = 'canary' AND revoked_at IS NULL`,
    );
    expect(open).toEqual([]);
  });
});
