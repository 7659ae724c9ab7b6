import { setTimeout as pause } from 'node:timers/promises';
import { Database } from '../../libs/database';
import { hashingThreads, PasswordHasher } from '../../libs/auth/passwords/password-hasher';
import { RejectionDelay } from '../../libs/rate-limit';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import type { Answer } from '../support/http-client';
import { lasting } from '../support/long-tests';
import { until } from '../support/until';

const WRONG = 'a wrong password';
const QUEUE = 8;
/** A tenth of the clients asks as often where a refusal is delayed for a tenth of the time. Milliseconds. */
const [FLOOD, REFUSAL_MS] = [lasting(30, 300), lasting(200, 2_000)];
const HONEST = lasting(8, 25);
/** Background writers of audit events and of last-seen times. */
const BACKGROUND = 2;
const MAX_TRIES = 25;

let app: TestApp;
let sent = 0;

function call(path: string, address: string, email: string, password: string): Promise<Answer> {
  const headers = { 'x-forwarded-for': address };
  return app.http.post(`/api/auth/${path}`, { json: { email, password }, headers });
}

/** Accounts, each of which has signed in from an address of its own. */
async function registered(count: number, network: string) {
  const users = Array.from({ length: count }, (_, host) => ({
    email: newEmail(),
    address: `${network}.${host + 1}`,
  }));
  for (const { address, email } of users) {
    expect((await call('register', address, email, PASSWORD)).status).toBe(201);
  }
  return users;
}

/** Keeps as many sign-ins under way, on ever new accounts, while the work runs. */
async function besideFlood<T>(addressOf: (attempt: number) => string, work: () => Promise<T>) {
  const statuses = new Map<number, number>();
  let flooding = true;
  const flood = Array.from({ length: FLOOD }, async () => {
    while (flooding) {
      const { status } = await call('login', addressOf((sent += 1)), newEmail(), WRONG);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  try {
    // From the first refusal on the queue is full.
    await until(
      'the queue is full',
      () => statuses.get(503) ?? 0,
      (refusals) => refusals > QUEUE,
    );
    return { result: await work(), statuses };
  } finally {
    flooding = false;
    await Promise.all(flood);
  }
}

/** Of a /48 that no other attempt comes from. */
const fromNewNetwork = (attempt: number) =>
  `2001:${(attempt >> 16).toString(16)}:${(attempt & 0xffff).toString(16)}::1`;

beforeAll(async () => {
  app = await startTestApp({
    env: {
      RATE_LIMIT: 'on',
      TRUST_PROXY: '1',
      PASSWORD_QUEUE: String(QUEUE),
      LOGIN_LIMIT_PER_ADDRESS: '1000000',
    },
  });
});

beforeEach(() => {
  jest
    .spyOn(app.nest.get(RejectionDelay), 'delayRejection')
    .mockImplementation(() => pause(REFUSAL_MS));
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(() => app.close());

describe('a flood of sign-ins that need a hash', () => {
  it('from ever new networks refuses no client that has signed in before', async () => {
    const users = await registered(HONEST, '198.51.100');
    const { result, statuses } = await besideFlood(fromNewNetwork, async () => {
      const known: unknown[] = [];
      for (const { address, email } of users) {
        const { status, body } = await call('login', address, email, PASSWORD);
        known.push([status, body.code]);
      }
      const { email } = users[0]!;
      let tries = 1;
      while ((await call('login', '203.0.113.1', email, PASSWORD)).status === 503) {
        tries += 1;
      }
      return { known, tries };
    });
    expect(result.known).toEqual(users.map(() => [200, undefined]));
    expect(result.tries).toBeLessThanOrEqual(MAX_TRIES);
    expect([...statuses.keys()].sort()).toEqual([401, 503]);
  }, 180_000);

  it('refuses no other account at an address from which one account has signed in', async () => {
    const [first, second] = await registered(2, '198.51.100');
    const { result } = await besideFlood(fromNewNetwork, () =>
      call('login', first!.address, second!.email, PASSWORD),
    );
    expect(result.status).toBe(200);
  }, 180_000);

  it('from one network does not change the share of the others', async () => {
    const addressOf = (attempt: number) => `2001:db8:1:${(attempt & 0xffff).toString(16)}::1`;
    const { result } = await besideFlood(addressOf, async () => {
      const strangers: number[] = [];
      for (let host = 1; host <= HONEST; host++) {
        const { status } = await call('login', `203.0.113.${host}`, newEmail(), WRONG);
        strangers.push(status);
      }
      return strangers;
    });
    expect(result).toEqual(Array<number>(HONEST).fill(401));
  }, 180_000);

  it('has no more in Postgres at once than there are attempts in turn', async () => {
    const database = app.nest.get(Database);
    const run = database.run.bind(database);
    let [atOnce, most] = [0, 0];
    jest.spyOn(database, 'run').mockImplementation(async (work) => {
      most = Math.max(most, (atOnce += 1));
      return run(work).finally(() => (atOnce -= 1));
    });
    await besideFlood(fromNewNetwork, () => Promise.resolve());
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2 * hashingThreads() + BACKGROUND);
  }, 180_000);
});

it('sends no statement to Postgres for a sign-in that the full queue refuses', async () => {
  const hasher = app.nest.get(PasswordHasher);
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const admission = { party: '127.0.0.1', class: 'stranger' } as const;
  const busy = Array.from({ length: 2 * hashingThreads() + QUEUE }, () =>
    hasher.inTurn(admission, () => finished),
  );
  const runner = app.database.sql.createQueryRunner();
  await runner.startTransaction();
  await runner.query('LOCK TABLE users, sessions, subjects IN ACCESS EXCLUSIVE MODE');
  try {
    const { status, body } = await call('login', '127.0.0.1', newEmail(), WRONG);
    expect([status, body.code]).toEqual([503, 'overloaded']);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
    finish();
    await Promise.all(busy);
  }
});
