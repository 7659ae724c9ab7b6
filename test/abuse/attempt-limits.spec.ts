import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AttemptLimits, RejectionDelay } from '../../libs/rate-limit';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { CommandCounter } from '../support/command-counter';
import type { Answer } from '../support/http-client';
import { inTurns } from '../support/in-turns';

const WRONG = 'a wrong password';
const PER_ACCOUNT = 3;
const PER_ADDRESS = 6;
const FLOOD = 100;
/** Few, so that Redis answers in time on a busy machine: without Redis each instance counts for itself. */
const AT_ONCE = 5;

let app: TestApp;
let networks = 0;

/** An IPv6 network of 48 bits from which no attempt has come. */
const newNetwork = () => `2001:db8:${(networks += 1).toString(16)}`;

function login(address: string, email: string, password = WRONG): Promise<Answer> {
  const headers = { 'x-forwarded-for': address };
  return app.http.post('/api/auth/login', { json: { email, password }, headers });
}

function admitted(answers: Answer[]): number {
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);
  return statuses.filter((status) => status === 401).length;
}

/** Kinds of the keys that the work left. Keys that expired meanwhile are not listed. */
async function keysLeftBy(work: () => Promise<unknown>): Promise<string[]> {
  const all = () => app.redis.client.keys('latchkey:limit:*');
  const before = new Set(await all());
  await work();
  const left = (await all()).filter((key) => !before.has(key));
  return left.map((key) => key.replace(/^latchkey:limit:([^:]+):[^:]+/, '$1')).sort();
}

beforeAll(async () => {
  app = await startTestApp({
    env: {
      RATE_LIMIT: 'on',
      TRUST_PROXY: '1',
      LOGIN_LIMIT_PER_ACCOUNT: String(PER_ACCOUNT),
      LOGIN_LIMIT_PER_ADDRESS: String(PER_ADDRESS),
      REGISTER_LIMIT_PER_ADDRESS: '1',
    },
  });
});

afterAll(() => app.close());

beforeEach(() => {
  jest.spyOn(app.nest.get(RejectionDelay), 'delayRejection').mockResolvedValue();
});

describe('the holder of an IPv6 network', () => {
  it.each([
    ['a /64', 1, (host: number) => `:aa00::${host.toString(16)}`],
    ['the /64 of a /56', 2, (host: number) => `:aa${host.toString(16).padStart(2, '0')}::1`],
    ['the /64 of a /48', 4, (host: number) => `:${(host * 0x100).toString(16)}::1`],
  ])(
    'has with %s the limits of an address %i times',
    async (_, times, suffix) => {
      const [sprayed, guessed] = [newNetwork(), newNetwork()];
      const spray = await inTurns(4 * PER_ADDRESS + 10, AT_ONCE, (host) =>
        login(sprayed + suffix(host), newEmail()),
      );
      expect(admitted(spray)).toBe(times * PER_ADDRESS);
      const email = newEmail();
      const guess = await inTurns(4 * PER_ACCOUNT + 5, AT_ONCE, (host) =>
        login(guessed + suffix(host), email),
      );
      expect(admitted(guess)).toBe(times * PER_ACCOUNT);
    },
    60_000,
  );

  it('registers no more accounts than four addresses', async () => {
    const network = newNetwork();
    const answers = await inTurns(8, AT_ONCE, (host) =>
      app.http.post('/api/auth/register', {
        json: { email: newEmail(), password: PASSWORD },
        headers: { 'x-forwarded-for': `${network}:${(host * 0x100).toString(16)}::1` },
      }),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(4);
  });

  it('gets the headers of the counter that is closest to its limit', async () => {
    const network = newNetwork();
    const limitsOf = async (suffix: string) => {
      const { headers } = await login(`${network}${suffix}`, newEmail());
      return [headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')].map(Number);
    };
    // The account has one attempt less than any address until the /48 has had all but a few.
    expect(await limitsOf(':100::1')).toEqual([PER_ACCOUNT, PER_ACCOUNT - 1]);
    for (let subnet = 2; subnet < 4 * PER_ADDRESS - 1; subnet++) {
      await limitsOf(`:${(subnet * 0x100).toString(16)}::1`);
    }
    expect(await limitsOf(':fe00::1')).toEqual([4 * PER_ADDRESS, 1]);
  });
});

describe('a flood of sign-ins that are refused', () => {
  it('refuses no other client, from any number of networks', async () => {
    const [network, victim] = [newNetwork(), await registered('198.51.100.1')];
    const flood = await inTurns(FLOOD, AT_ONCE, (subnet) =>
      login(`${network}:${(subnet * 0x100).toString(16)}::1`, victim.user.email),
    );
    expect(admitted(flood)).toBe(4 * PER_ACCOUNT);
    expect((await login('198.51.100.1', victim.user.email, PASSWORD)).status).toBe(200);
    const fromElsewhere = await login('198.51.100.2', victim.user.email, PASSWORD);
    expect(fromElsewhere.status).toBe(200);
  }, 60_000);

  it('leaves nothing in Redis', async () => {
    const network = newNetwork();
    const attempt = () => login(`${network}::1`, newEmail());
    for (let count = 0; count <= PER_ADDRESS; count++) {
      await attempt();
    }
    const left = await keysLeftBy(async () => {
      expect(admitted(await inTurns(FLOOD, AT_ONCE, attempt))).toBe(0);
    });
    expect(left).toEqual([]);
  }, 60_000);

  it('counts a failure of the account only where a password was checked and wrong', async () => {
    const attempt = (password: unknown) => () => {
      const headers = { 'x-forwarded-for': '203.0.113.1' };
      const json = { email: newEmail(), password };
      return app.http.post('/api/auth/login', { json, headers });
    };
    expect(await keysLeftBy(attempt(17))).toEqual(['account', 'address']);
    expect(await keysLeftBy(attempt(WRONG))).toEqual(['account', 'failures']);
  });
});

describe('admitting a sign-in', () => {
  it('takes one round trip, and one more when the client is not recorded yet', async () => {
    const limits = app.nest.get(AttemptLimits);
    const [email, address] = [newEmail(), `${newNetwork()}::1`];
    const admit = () => limits.admitLogin(email, address);
    await limits.succeeded(newEmail(), await limits.admitLogin(newEmail(), '203.0.113.9'));
    const counter = await CommandCounter.start(app.redis.url);
    try {
      expect(await counter.during(admit)).toEqual(['evalsha']);
      const first = await admit();
      expect(first).toMatchObject({ admission: { class: 'stranger' }, isRemembered: false });
      expect(await counter.during(() => limits.succeeded(email, first))).toContain('evalsha');
      const second = await admit();
      expect(second).toMatchObject({ admission: { class: 'known' }, isRemembered: true });
      expect(await counter.during(() => limits.succeeded(email, second))).toEqual([]);
    } finally {
      counter.stop();
    }
    const elsewhere = await limits.admitLogin(newEmail(), address);
    expect(elsewhere.admission.class).toBe('familiar');
  });
});

async function registered(address: string): Promise<AuthResultDto> {
  const { status, body } = await app.http.post<AuthResultDto>('/api/auth/register', {
    json: { email: newEmail(), password: PASSWORD },
    headers: { 'x-forwarded-for': address },
  });
  expect(status).toBe(201);
  return body;
}
