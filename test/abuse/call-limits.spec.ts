import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { RejectionDelay } from '../../libs/rate-limit';
import { SyncTimings } from '../../libs/sync';
import { startTestApp, type TestApp } from '../support/app';
import { CommandCounter } from '../support/command-counter';
import type { Answer } from '../support/http-client';
import { Scrape } from '../support/metrics';
import { until } from '../support/until';

const FAILED_REFRESHES = 5;
const PER_TOKEN = 30;
const PER_USER = 60;
const WRONG_SECRETS = 10;
const SERVICE = 'orders:a long random secret';
const DAY_MS = 86_400_000;

let app: TestApp;
let user: AuthResultDto;
let held: jest.SpiedFunction<RejectionDelay['delayRejection']>;
let addresses = 0;

function newAddress(): string {
  addresses += 1;
  return `10.0.${addresses >> 8}.${addresses & 0xff}`;
}

beforeAll(async () => {
  app = await startTestApp({
    env: {
      RATE_LIMIT: 'on',
      TRUST_PROXY: '1',
      REGISTER_LIMIT_PER_ADDRESS: '1000',
      REFRESH_LIMIT_PER_ADDRESS: String(FAILED_REFRESHES),
      INTROSPECTION_CLIENTS: SERVICE,
    },
    // The synchroniser repeats changes of the outbox. It must not do so while commands are counted.
    timings: {
      ...new SyncTimings(),
      intervalMs: DAY_MS,
      outboxDeadlineMs: DAY_MS,
      leaseMs: DAY_MS,
    },
  });
});

afterAll(() => app.close());

beforeEach(async () => {
  user = await app.register();
  // Two seconds each.
  held = jest.spyOn(app.nest.get(RejectionDelay), 'delayRejection').mockResolvedValue();
});

afterEach(() => {
  jest.restoreAllMocks();
});

function refresh(refreshToken: string, address = newAddress()): Promise<Answer<AuthResultDto>> {
  const headers = { 'x-forwarded-for': address };
  return app.http.post<AuthResultDto>('/api/auth/refresh', { json: { refreshToken }, headers });
}

async function statuses(times: number, call: () => Promise<Answer<object>>): Promise<number[]> {
  const seen: number[] = [];
  for (let count = 0; count < times; count++) {
    seen.push((await call()).status);
  }
  return seen;
}

const times = (count: number, status: number) => Array<number>(count).fill(status);

function expectRefused({ status, headers, body }: Answer<object>, limit: number): void {
  expect([status, body]).toMatchObject([429, { code: 'rate_limited' }]);
  expect(headers.get('ratelimit-limit')).toBe(String(limit));
  expect(headers.get('ratelimit-remaining')).toBe('0');
  expect(headers.get('retry-after')).toBe(headers.get('ratelimit-reset'));
}

/** Resets counters of this kind, as at the end of their window. */
async function forget(kind: string): Promise<void> {
  const keys = await app.redis.client.keys(`latchkey:limit:${kind}:*`);
  await app.redis.client.del(...keys);
}

/** While the tables are locked, every statement hangs and fails. */
async function withoutPostgres(work: () => Promise<unknown>): Promise<void> {
  const runner = app.database.sql.createQueryRunner();
  await runner.startTransaction();
  await runner.query(
    'LOCK TABLE users, sessions, subjects, refresh_tokens IN ACCESS EXCLUSIVE MODE',
  );
  try {
    await work();
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

describe('refreshes', () => {
  it('that fail are limited for their address; those that succeed are not', async () => {
    const gateway = newAddress();
    let token = user.refreshToken;
    for (let count = 0; count < 3 * FAILED_REFRESHES; count++) {
      const { status, body } = await refresh(token, gateway);
      expect(status).toBe(200);
      token = body.refreshToken;
    }
    const unknown = token.replace(/^.{8}/, '00000000');
    const tries = [unknown, `${unknown}x`, '', unknown.slice(1), unknown];
    expect(tries).toHaveLength(FAILED_REFRESHES);
    for (const text of tries) {
      expect((await refresh(text, gateway)).status).toBe(text === '' ? 400 : 401);
    }
    // The empty text is no token: it was refused by its form and does not count.
    expect((await refresh(unknown, gateway)).status).toBe(401);
    expectRefused(await refresh(unknown, gateway), FAILED_REFRESHES);
    expectRefused(await refresh(token, gateway), FAILED_REFRESHES);
    expect((await refresh(token)).status).toBe(200);
  });

  it('count for the token, and not for one that has only its id', async () => {
    const { refreshToken: token } = user;
    const home = newAddress();
    const { body } = await refresh(token, home);
    const again = () => refresh(token, home);
    expect(await statuses(PER_TOKEN - 1, again)).toEqual(times(PER_TOKEN - 1, 200));
    expectRefused(await again(), PER_TOKEN);
    const guess = body.refreshToken.replace(/\..*/, `.${'A'.repeat(43)}`);
    expect(await statuses(PER_TOKEN, () => refresh(guess))).toEqual(times(PER_TOKEN, 401));
    expect((await refresh(body.refreshToken)).status).toBe(200);
  });

  it('write a bounded number of rows for a user, and a refused one costs no token', async () => {
    const rows = async () => {
      const [{ count } = { count: 0 }] = await app.database.sql.query<{ count: number }[]>(
        `SELECT count(*)::int AS count FROM refresh_tokens token
           JOIN sessions session ON session.id = token.session_id WHERE session.user_id = $1`,
        [user.user.id],
      );
      return count;
    };
    let token = user.refreshToken;
    for (let count = 0; count < PER_USER; count++) {
      const { status, body } = await refresh(token);
      expect(status).toBe(200);
      token = body.refreshToken;
    }
    const before = await rows();
    const refused = await refresh(token);
    expect([refused.status, refused.body]).toMatchObject([429, { code: 'rate_limited' }]);
    expect(await rows()).toBe(before);
    await forget('rotations');
    expect((await refresh(token)).status).toBe(200);
  });

  it('with a malformed token send no statement to Postgres', async () => {
    await withoutPostgres(async () => {
      const { refreshToken } = user;
      for (const text of ['x', `${refreshToken}x`, refreshToken.toUpperCase()]) {
        const { status, body } = await refresh(text);
        expect([status, body]).toMatchObject([401, { code: 'token_invalid' }]);
      }
    });
  });

  it('beyond the limit of an address send no statement to Postgres', async () => {
    const home = newAddress();
    await statuses(FAILED_REFRESHES, () => refresh('x', home));
    await withoutPostgres(async () => {
      expectRefused(await refresh(user.refreshToken, home), FAILED_REFRESHES);
    });
  });

  it('with an invented token are answered late, and others are not', async () => {
    await refresh(user.refreshToken.replace(/^.{8}/, '00000000'));
    expect(held).toHaveBeenCalledTimes(1);
    expect((await refresh(user.refreshToken)).status).toBe(200);
    await app.http.post('/api/auth/logout', { token: user.accessToken });
    expect((await refresh(user.refreshToken)).body).toMatchObject({ code: 'token_revoked' });
    expect(held).toHaveBeenCalledTimes(1);
  });
});

describe('changes of a profile', () => {
  it('are limited for the user; reading, and ending a session, are not', async () => {
    const token = user.accessToken;
    const change = () =>
      app.http.call('PUT', '/api/auth/profile', { token, json: { bio: 'another one' } });
    expect(await statuses(PER_USER, change)).toEqual(times(PER_USER, 200));
    expectRefused(await change(), PER_USER);
    const avatar = '/api/auth/profile/avatar';
    expectRefused(await app.http.call('DELETE', avatar, { token }), PER_USER);
    expectRefused(await app.http.call('POST', avatar, { token }), PER_USER);
    expect((await app.http.get('/api/auth/profile', { token })).status).toBe(200);
    const other = await app.register();
    const removed = await app.http.call('DELETE', avatar, { token: other.accessToken });
    expect(removed.status).toBe(204);
    const path = `/api/auth/sessions/${user.session.id}`;
    expect((await app.http.call('DELETE', path, { token })).status).toBe(204);
  });
});

describe('guesses of a client secret', () => {
  function introspect(address: string, credentials: string | null): Promise<Answer> {
    const basic = Buffer.from(credentials ?? '').toString('base64');
    return app.http.post('/api/auth/introspect', {
      raw: `token=${user.accessToken}`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-forwarded-for': address,
        ...(credentials !== null && { authorization: `Basic ${basic}` }),
      },
    });
  }

  it('are limited for their address, the right one too, with one event', async () => {
    const address = newAddress();
    const refusals = async () =>
      (await Scrape.of(app.http.origin)).sum('latchkey_attempts_refused_total', {
        limit: 'address',
      });
    const refusalsBefore = await refusals();
    let guesses = 0;
    const guess = () => introspect(address, `orders:guess ${(guesses += 1)}`);
    expect(await statuses(3, () => introspect(address, null))).toEqual(times(3, 401));
    expect(await statuses(WRONG_SECRETS, guess)).toEqual(times(WRONG_SECRETS, 401));
    expect((await introspect(address, SERVICE)).status).toBe(200);
    expectRefused(await guess(), WRONG_SECRETS);
    expectRefused(await guess(), WRONG_SECRETS);
    expectRefused(await introspect(address, SERVICE), WRONG_SECRETS);
    expect((await introspect(newAddress(), SERVICE)).status).toBe(200);
    expect(await refusals()).toBe(refusalsBefore + 3);

    const events = () =>
      app.database.sql.query<object[]>(
        `SELECT user_id, host(ip) AS ip, details FROM audit_events
          WHERE name = 'introspection_refused'`,
      );
    await until('the refusal is recorded', events, (rows) => rows.length > 0);
    expect(await events()).toEqual([{ user_id: null, ip: address, details: {} }]);
  });

  it('cost clients with the right secret no round trip to Redis', async () => {
    await introspect(newAddress(), SERVICE);
    const counter = await CommandCounter.start(app.redis.url);
    try {
      const commands = await counter.during(() => introspect(newAddress(), SERVICE));
      expect(commands).toEqual(['evalsha']);
    } finally {
      counter.stop();
    }
  });
});
