import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import type { Answer } from '../support/http-client';
import { until } from '../support/until';

const REGISTER = '/api/auth/register';
/** Entries that a proxy may write for a client, and the address of that client. */
const ENTRIES: [entry: string, address: string][] = [
  ['fe80::1%eth0', 'fe80::1'],
  ['[fe80::1%25eth0]:50001', 'fe80::1'],
  ['203.0.113.1:50001', '203.0.113.1'],
  ['"203.0.113.2:50001"', '203.0.113.2'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['[2001:db8::2]', '2001:db8::2'],
  ['2001:DB8:0:0::3', '2001:db8::3'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:208', '192.0.2.8'],
  ['198.51.100.1, 203.0.113.3', '203.0.113.3'],
  ['203.0.113.4,', '203.0.113.4'],
  [`${'198.51.100.1,'.repeat(1000)}203.0.113.5`, '203.0.113.5'],
  // No address: that of the proxy counts.
  ['', '127.0.0.1'],
  [' , ,', '127.0.0.1'],
  ['198.51.100.1, unknown', '127.0.0.1'],
  ['_hidden', '127.0.0.1'],
  ['010.0.0.1', '127.0.0.1'],
  ['0x7f.1', '127.0.0.1'],
  ["1.2.3.4'; DROP TABLE users", '127.0.0.1'],
];

describe('the address of a client, as a proxy passes it on', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({
      env: { TRUST_PROXY: '1', RATE_LIMIT: 'on', REGISTER_LIMIT_PER_ADDRESS: '100' },
    });
  });

  afterAll(() => app.close());

  function register(forwardedFor: string, of = app): Promise<Answer<AuthResultDto>> {
    const json = { email: newEmail(), password: PASSWORD };
    const headers = { 'x-forwarded-for': forwardedFor };
    return of.http.post<AuthResultDto>(REGISTER, { json, headers });
  }

  async function recordedAddress({ accessToken }: AuthResultDto, of = app): Promise<string | null> {
    const answer = await of.http.get<{ sessions: { ip: string | null }[] }>('/api/auth/sessions', {
      token: accessToken,
    });
    return answer.body.sessions[0]!.ip;
  }

  it.each(ENTRIES)('%.50j is recorded as %s with the session and the event', async (entry, ip) => {
    const { status, body } = await register(entry);
    expect(status).toBe(201);
    expect(await recordedAddress(body)).toBe(ip);
    const events = await app.database.sql.query<{ ip: string }[]>(
      'SELECT host(ip) AS ip FROM audit_events WHERE user_id = $1',
      [body.user.id],
    );
    expect(events).toEqual([{ ip }]);
  });

  it('is in the log of a refusal', async () => {
    const headers = { 'x-forwarded-for': '[2001:DB8::9]:443' };
    const { headers: answered } = await app.http.get('/api/auth/profile', { headers });
    const id = answered.get('x-request-id')!;
    const line = await until('the refusal is logged', () =>
      app.log.find((text) => text.includes(id)),
    );
    expect(JSON.parse(line)).toMatchObject({ status: 401, ip: '2001:db8::9' });
  });

  it.each(ENTRIES)('%.50j never causes a 500', async (entry) => {
    const headers = { 'x-forwarded-for': entry };
    const json = { email: newEmail(), password: 'wrong and long enough' };
    expect((await app.http.post('/api/auth/login', { json, headers })).status).toBe(401);
    expect((await app.http.get('/metrics', { headers })).status).toBe(200);
  });

  it('counts a client with any port as one, and no other client with it', async () => {
    const beside = await startTestApp({
      beside: app,
      env: { TRUST_PROXY: '1', RATE_LIMIT: 'on', REGISTER_LIMIT_PER_ADDRESS: '2' },
    });
    try {
      for (const [client, other] of [
        ['198.51.100.7', '198.51.100.8'],
        ['[2001:db8:7::1]', '[2001:db8:8::1]'],
        ['[::ffff:198.51.100.9]', '198.51.100.10'],
      ]) {
        for (const [port, status] of [
          [50_001, 201],
          [50_002, 201],
          [50_003, 429],
        ]) {
          expect((await register(`${client!}:${port!}`, beside)).status).toBe(status);
        }
        expect((await register(`${other!}:50001`, beside)).status).toBe(201);
      }
    } finally {
      await beside.close();
    }
  });

  describe('behind proxies of some networks', () => {
    let beside: TestApp;

    beforeAll(async () => {
      const env = {
        TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8,2001:db8:a::/48',
        METRICS_ALLOW: '198.51.100.0/24,2001:db8:5::/48',
      };
      beside = await startTestApp({ beside: app, env });
    });

    afterAll(() => beside.close());

    it.each([
      ['192.0.2.1:50001, 10.1.2.3:8080', '192.0.2.1'],
      ['198.51.100.1, 192.0.2.1, [::ffff:10.1.2.3]:80', '192.0.2.1'],
      ['192.0.2.1, [2001:db8:a::2]:443', '192.0.2.1'],
      ['10.1.2.4, 10.1.2.3', '10.1.2.4'],
      ['192.0.2.1, unknown, 10.1.2.3', '10.1.2.3'],
      ['192.0.2.1, 10.1.2.3, junk', '127.0.0.1'],
      [`192.0.2.1${',10.1.2.3'.repeat(1500)}`, '192.0.2.1'],
    ])('%.60j is %s', async (header, ip) => {
      const { status, body } = await register(header, beside);
      expect(status).toBe(201);
      expect(await recordedAddress(body, beside)).toBe(ip);
    });

    it.each([
      ['198.51.100.1:50001', 200],
      ['[2001:DB8:5::1]:443', 200],
      ['::ffff:c633:6401', 200],
      ['192.0.2.1', 403],
      ['unknown', 403],
    ])('%j may read metrics, or not: %i', async (entry, status) => {
      const headers = { 'x-forwarded-for': entry };
      expect((await beside.http.get('/metrics', { headers })).status).toBe(status);
    });
  });
});
