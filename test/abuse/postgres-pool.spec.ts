import { startTestApp, type TestApp } from '../support/app';
import { Database } from '../../libs/database';
import { inTurns } from '../support/in-turns';

const LIST = '/api/auth/sessions';
/** More than may wait for a connection. */
const FLOOD = 1_500;
const HONEST = 8;

describe('one account that asks Postgres from many connections', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { DATABASE_POOL_MAX: '2' } });
  });

  afterAll(() => app.close());

  it('makes itself wait, and no other account', async () => {
    const [attacker, honest] = await Promise.all([app.register(), app.register()]);
    const database = app.nest.get(Database);
    const flood = { done: false, answered: 0, statuses: new Map<number, number>(), waited: 0 };
    const flooding = inTurns(FLOOD, FLOOD, async () => {
      while (!flood.done) {
        const { status, body } = await app.http.get(LIST, { token: attacker.accessToken });
        expect(['overloaded', undefined]).toContain(body.code);
        flood.answered += 1;
        flood.waited = Math.max(flood.waited, database.waiting);
        flood.statuses.set(status, (flood.statuses.get(status) ?? 0) + 1);
        if (status === 200) {
          expect(database.circuitState).toBe('closed');
        }
      }
    });
    // Until the queue is full.
    while (!flood.statuses.has(503)) {
      await app.http.get('/health/live');
    }
    const before = flood.statuses.get(200) ?? 0;
    for (let time = 0; time < HONEST; time++) {
      const { status } = await app.http.get(LIST, { token: honest.accessToken });
      expect(status).toBe(200);
    }
    const meanwhile = (flood.statuses.get(200) ?? 0) - before;
    flood.done = true;
    await flooding;
    expect(new Set(flood.statuses.keys())).toEqual(new Set([200, 503]));
    expect(flood.waited).toBeGreaterThan(500);
    // First come, first served would have let a thousand of the attacker's pass for each.
    expect(meanwhile / HONEST).toBeLessThan(100);
  });
});
