import { OverloadedError, runInRequest, identifyRequest } from '../../libs/common';
import { Database } from '../../libs/database';
import { startTestApp, type TestApp } from '../support/app';

/** Statements that may wait for a connection. */
const MAX_WAITING = 1_000;
const FLOOD = 3 * MAX_WAITING;
const POOL = 2;

interface Client {
  ip: string;
  userId?: string;
}

describe('a client that sends statements from many connections', () => {
  let app: TestApp;
  let database: Database;

  beforeAll(async () => {
    app = await startTestApp({ env: { DATABASE_POOL_MAX: String(POOL) } });
    database = app.nest.get(Database);
  });

  afterAll(() => app.close());

  /** One statement in a request of a client. */
  function ask({ ip, userId }: Client): Promise<unknown> {
    const context = { requestId: 'of the test', origin: () => ({ ip }) };
    return runInRequest(context, async (end) => {
      if (userId !== undefined) {
        identifyRequest({ id: 'of the test', userId });
      }
      try {
        return await database.run((manager) => manager.query('SELECT 1'));
      } finally {
        end();
      }
    });
  }

  const ATTACKERS: Record<string, Client> = {
    'with a session': { ip: '192.0.2.1', userId: 'attacker' },
    'without one': { ip: '192.0.2.1' },
  };

  it.each(Object.entries(ATTACKERS))('%s takes one turn in all', async (_which, attacker) => {
    const flood = { answered: 0, refused: 0 };
    const flooding = Array.from({ length: FLOOD }, () =>
      ask(attacker).then(
        () => (flood.answered += 1),
        (error: unknown) => {
          expect(error).toBeInstanceOf(OverloadedError);
          flood.refused += 1;
        },
      ),
    );
    expect(database.waiting).toBeGreaterThanOrEqual(MAX_WAITING);
    const honest = [
      ask({ ip: '192.0.2.1', userId: 'honest' }),
      ask({ ip: '192.0.2.2' }),
      database.run((manager) => manager.query('SELECT 1')),
    ];
    const answeredBefore = await Promise.all(
      honest.map(async (asked) => {
        await asked;
        return flood.answered;
      }),
    );
    // First come, first served would have let a thousand of the attacker's pass.
    expect(Math.max(...answeredBefore)).toBeLessThan(20);
    await Promise.all(flooding);
    expect(flood.answered + flood.refused).toBe(FLOOD);
    // Statements of honest clients, and of the service itself, took the places of some.
    expect(flood.answered).toBeLessThanOrEqual(MAX_WAITING + POOL - honest.length);
    expect(flood.answered).toBeGreaterThan(0.9 * MAX_WAITING);
    expect(database.circuitState).toBe('closed');
  });
});
