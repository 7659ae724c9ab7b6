import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AttemptLimits, RejectionDelay } from '../../libs/rate-limit';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import type { Answer } from '../support/http-client';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const LOGIN = '/api/auth/login';
const WRONG = 'a wrong password';
const KEYS = 'latchkey:limit:*';

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

interface Standing {
  limit: number;
  remaining: number;
  reset: number;
}

function standing({ headers }: Answer): Standing {
  const number = (name: string) => Number(headers.get(`ratelimit-${name}`) ?? NaN);
  return { limit: number('limit'), remaining: number('remaining'), reset: number('reset') };
}

function expectRefused(answer: Answer): void {
  expect(answer.status).toBe(429);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body.code).toBe('rate_limited');
  const seconds = Number(answer.headers.get('retry-after'));
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(standing(answer)).toEqual(expect.objectContaining({ remaining: 0, reset: seconds }));
}

describe('limits of attempts', () => {
  let app: TestApp;
  let user: AuthResultDto;
  let lastAddress = 0;

  /** An address without attempts. */
  const newAddress = () => `198.51.100.${(lastAddress += 1)}`;

  beforeAll(async () => {
    app = await startTestApp({
      env: {
        RATE_LIMIT: 'on',
        TRUST_PROXY: '1',
        LOGIN_LIMIT_PER_ADDRESS: '15',
        REGISTER_LIMIT_PER_ADDRESS: '3',
      },
    });
  });

  afterAll(async () => {
    await app.close();
  });

  beforeEach(async () => {
    // Two seconds each.
    jest.spyOn(app.nest.get(RejectionDelay), 'delayRejection').mockResolvedValue();
    await forget();
    user = await app.register();
    await forget();
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function forget(): Promise<void> {
    const keys = await app.redis.client.keys(KEYS);
    await Promise.all(keys.map((key) => app.redis.client.del(key)));
  }

  function login(address: string, email = user.user.email, password = WRONG): Promise<Answer> {
    return app.http.post(LOGIN, { json: { email, password }, ...from(address) });
  }

  async function statuses(times: number, attempt: () => Promise<Answer>): Promise<number[]> {
    const seen: number[] = [];
    for (let count = 0; count < times; count++) {
      seen.push((await attempt()).status);
    }
    return seen;
  }

  const times = (count: number, status: number) => Array<number>(count).fill(status);

  it('V6.1.1, V6.3.1: ten sign-ins a minute for an account from an address', async () => {
    const attacker = newAddress();
    expect(standing(await login(attacker))).toEqual({ limit: 10, remaining: 9, reset: 60 });
    expect(await statuses(9, () => login(attacker))).toEqual(times(9, 401));
    expectRefused(await login(attacker));
    expectRefused(await login(attacker, user.user.email, PASSWORD));
  });

  it('V6.3.1: hold for every spelling of the address, before the password is checked', async () => {
    const attacker = newAddress();
    const { email } = user.user;
    const spellings = [email.toUpperCase(), ` ${email} `, email];
    for (let count = 0; count < 10; count++) {
      expect((await login(attacker, spellings[count % 3])).status).toBe(401);
    }
    expectRefused(await login(attacker, ` ${email.toUpperCase()}`));
    const json = { email, password: 17, more: true };
    expectRefused(await app.http.post(LOGIN, { json, ...from(attacker) }));
  });

  it('V6.1.1: let the owner sign in from elsewhere during an attack from many addresses', async () => {
    const { email } = user.user;
    const attacker = newAddress();
    expectRefused(await lastOf(11, () => login(attacker)));
    // Further attempts are delayed, and not refused.
    expect((await login(newAddress())).status).toBe(401);
    expect((await login(newAddress())).status).toBe(401);
    expect((await login(newAddress(), email, PASSWORD)).status).toBe(200);
  });

  it('V6.3.1: double the wait at each excess, up to a quarter of an hour', async () => {
    const attacker = newAddress();
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      const last = await lastOf(11, () => login(attacker));
      expectRefused(last);
      waits.push(Number(last.headers.get('retry-after')));
      const counters = await app.redis.client.keys('latchkey:limit:[af]*');
      const expired = counters.filter((key) => !key.endsWith(':passed'));
      await Promise.all(expired.map((key) => app.redis.client.del(key)));
    }
    expect(waits).toEqual([60, 120, 240, 480, 900, 900]);
  });

  async function lastOf(times: number, attempt: () => Promise<Answer>): Promise<Answer> {
    await statuses(times - 1, attempt);
    return attempt();
  }

  it('V6.3.1: bound the accounts that one address may try', async () => {
    const sprayer = newAddress();
    expect(await statuses(15, () => login(sprayer, newEmail()))).toEqual(times(15, 401));
    expectRefused(await login(sprayer, newEmail()));
    expect((await login(newAddress(), newEmail())).status).toBe(401);
  });

  it('V6.3.1: count all addresses of one IPv6 network as one', async () => {
    let host = 0;
    const address = () => `2001:db8:0:7::${(host += 1).toString(16)}`;
    expect(await statuses(10, () => login(address()))).toEqual(times(10, 401));
    expectRefused(await login(address()));
    expect((await login('2001:db8:0:8::1')).status).toBe(401);
  });

  it('V2.4.1: bound the registrations from an address', async () => {
    const address = newAddress();
    const register = (at = address) =>
      app.http.post('/api/auth/register', {
        json: { email: newEmail(), password: PASSWORD },
        ...from(at),
      });
    expect(await statuses(3, register)).toEqual(times(3, 201));
    expectRefused(await register());
    expect((await register(newAddress())).status).toBe(201);
  });

  it.each([
    [
      'a new password',
      'PUT',
      '/api/auth/profile/password',
      { currentPassword: WRONG, newPassword: PASSWORD },
    ],
    ['the end of the account', 'DELETE', '/api/auth/profile', { currentPassword: WRONG }],
    ['a recent proof', 'POST', '/api/auth/reauthenticate', { password: WRONG }],
  ])(
    'V6.3.1: stop a stolen token from guessing the password for %s',
    async (_, method, path, json) => {
      const address = newAddress();
      const guess = () =>
        app.http.call(method, path, {
          token: user.accessToken,
          json,
          ...from(address),
        });
      expect(await statuses(10, guess)).toEqual(times(10, 401));
      expectRefused(await guess());
      expect((await login(address, user.user.email, PASSWORD)).status).toBe(200);
    },
  );

  it('V6.3.5, V16.3.1: record a refusal as an audit event, once a window', async () => {
    const attacker = newAddress();
    await statuses(14, () => login(attacker));
    const { sql } = app.database;
    const events = () =>
      sql.query<{ details: object }[]>(
        `SELECT details FROM audit_events WHERE user_id = $1 AND name = 'login_refused_by_limit'`,
        [user.user.id],
      );
    await until('the refusal is recorded', events, (rows) => rows.length > 0);
    expect(await events()).toEqual([{ details: { limit: 'account' } }]);
  });

  it('V6.3.1: are the same for all instances', async () => {
    const attacker = newAddress();
    await statuses(9, () => login(attacker));
    // Attempts that another instance on the same Redis would count.
    const limits = app.nest.get(AttemptLimits);
    await expect(limits.admitLogin(user.user.email, attacker)).resolves.toMatchObject({
      state: { remaining: 0 },
    });
    expectRefused(await login(attacker));
  });

  it('V13.2.1: send neither address nor account to Redis', async () => {
    await login('203.0.113.77');
    const keys = await app.redis.client.keys(KEYS);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.join()).not.toMatch(/203\.0\.113|example\.com/);
  });
});

describe('limits while Redis is away', () => {
  it('V6.3.1: hold in each instance for itself, without errors', async () => {
    const redis = await TcpProxy.start(9);
    const app = await startTestApp({ env: { RATE_LIMIT: 'on' }, redisPort: redis.port });
    try {
      const login = (password: string, email = 'unknown@example.com') =>
        app.http.post(LOGIN, { json: { email, password } });
      const { user } = await app.register();
      for (let count = 0; count < 10; count++) {
        expect((await login(WRONG)).status).toBe(401);
      }
      expectRefused(await login(WRONG));
      expect((await login(PASSWORD, user.email)).status).toBe(200);
    } finally {
      await app.close();
      redis.stop();
    }
  });
});

describe('the address of a client', () => {
  it.each([
    ['without TRUST_PROXY: headers are ignored', {}, '192.0.2.1', '127.0.0.1'],
    [
      'one proxy: the entry that it added',
      { TRUST_PROXY: '1' },
      '192.0.2.1, 192.0.2.2',
      '192.0.2.2',
    ],
    ['two proxies', { TRUST_PROXY: '2' }, '192.0.2.9, 192.0.2.1, 192.0.2.2', '192.0.2.1'],
    [
      'proxies by network: the last address that is none of them',
      { TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8' },
      '192.0.2.9, 192.0.2.1, 10.1.2.3',
      '192.0.2.1',
    ],
    [
      'a connection that is not from a proxy',
      { TRUST_PROXY: '10.0.0.0/8' },
      '192.0.2.1',
      '127.0.0.1',
    ],
    ['a header without an address', { TRUST_PROXY: '1' }, 'unknown, <script>', '127.0.0.1'],
  ])('V4.1.3: %s', async (_, env, header, expected) => {
    const app = await startTestApp({ env });
    try {
      const json = { email: newEmail(), password: PASSWORD };
      const headers = {
        'x-forwarded-for': header,
        'x-real-ip': '192.0.2.66',
        forwarded: 'for=192.0.2.66',
      };
      const { body } = await app.http.post<AuthResultDto>('/api/auth/register', { json, headers });
      const list = await app.http.get<{ sessions: { ip: string }[] }>('/api/auth/sessions', {
        token: body.accessToken,
      });
      expect(list.body.sessions.map(({ ip }) => ip)).toEqual([expected]);
    } finally {
      await app.close();
    }
  });

  it('V4.1.3, V6.3.1: a forged address does not bypass a limit', async () => {
    const app = await startTestApp({ env: { RATE_LIMIT: 'on' } });
    try {
      const json = { email: 'unknown@example.com', password: WRONG };
      const seen: number[] = [];
      for (let host = 1; host <= 11; host++) {
        seen.push((await app.http.post(LOGIN, { json, ...from(`192.0.2.${host}`) })).status);
      }
      expect(seen).toEqual([...Array<number>(10).fill(401), 429]);
    } finally {
      await app.close();
    }
  });
});
