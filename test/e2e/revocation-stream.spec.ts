import { connect } from 'node:net';
import { decodeJwt } from 'jose';
import { OutboxFeed, parseCheckpoint, SyncTimings } from '../../libs/sync';
import { ApiProcess } from '../support/api-process';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { Scrape } from '../support/metrics';
import { RevocationStream } from '../support/revocation-stream';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const CREDENTIALS = 'billing:a long random secret';
const env = { INTROSPECTION_CLIENTS: CREDENTIALS, MAX_REVOCATION_SUBSCRIBERS: '4' };

describe('the stream of revocations', () => {
  let wire: TcpProxy;
  let redisWire: TcpProxy;
  let app: TestApp;
  /** An instance behind wires to its stores. */
  let other: TestApp;
  let streams: RevocationStream[] = [];

  beforeAll(async () => {
    app = await startTestApp({ env });
    wire = await TcpProxy.start(Number(new URL(app.database.url).port));
    redisWire = await TcpProxy.start(Number(new URL(app.redis.url).port));
    other = await startTestApp({
      beside: app,
      env,
      postgresPort: wire.port,
      redisPort: redisWire.port,
    });
  });

  afterEach(async () => {
    wire.restore();
    redisWire.restore();
    await Promise.all(streams.map((stream) => stream.close()));
    streams = [];
    await until('no client follows', () => subscribers(), 0);
  });

  afterAll(async () => {
    await other.close();
    wire.stop();
    redisWire.stop();
    await app.close();
  });

  async function open(from: TestApp, lastEventId?: string): Promise<RevocationStream> {
    const stream = await RevocationStream.open(from.http.origin, CREDENTIALS, lastEventId);
    streams.push(stream);
    return stream;
  }

  async function follow(from: TestApp = app, lastEventId?: string): Promise<RevocationStream> {
    const stream = await open(from, lastEventId);
    if (stream.response.status === 200) {
      await until('the stream is complete', () => stream.heartbeats.length > 0);
    }
    return stream;
  }

  async function subscribers(): Promise<number> {
    const scrapes = await Promise.all([app, other].map(({ http }) => Scrape.of(http.origin)));
    return scrapes.reduce((sum, one) => sum + one.sum('latchkey_revocation_subscribers'), 0);
  }

  it('names a session that has ended, its reason and the expiry of its tokens', async () => {
    const { accessToken, user, session } = await app.register();
    const stream = await follow();
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
    expect((await app.http.post('/api/auth/logout', { token: accessToken })).status).toBe(204);
    const [event] = await until(
      'it is named',
      () => stream.named,
      (named) => named.length > 0,
    );
    const { exp } = decodeJwt(accessToken);
    expect(event).toEqual({
      name: 'session',
      data: {
        sid: session.id,
        sub: user.id,
        reason: 'logout',
        exp: expect.any(Number) as number,
      },
    });
    // The record is exact to a millisecond.
    expect([exp, Number(exp) + 1]).toContain(event?.data.exp);
  });

  it('names a user whose sessions have all ended', async () => {
    const { accessToken, user } = await app.register();
    const stream = await follow();
    const beforeMs = Date.now();
    const json = { currentPassword: PASSWORD, newPassword: 'another long password' };
    await app.http.put('/api/auth/profile/password', { token: accessToken, json });
    const event = await until('the user is named', () =>
      stream.named.find(({ name }) => name === 'subject'),
    );
    expect(event.data).toEqual({
      sub: user.id,
      reason: 'password_change',
      before: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    expect(Date.parse(String(event.data.before))).toBeGreaterThanOrEqual(beforeMs);
  });

  it('names a user whose other sessions have ended, and the session that goes on', async () => {
    const { accessToken, user, session } = await app.register();
    await app.login(user.email);
    const stream = await follow(other);
    await app.http.delete('/api/auth/sessions', { token: accessToken });
    const event = await until('the user is named', () =>
      stream.named.find(({ name }) => name === 'subject'),
    );
    expect(event.data).toEqual({
      sub: user.id,
      reason: 'revoked_by_user',
      before: expect.any(String) as string,
      except: session.id,
    });
  });

  it('names what another instance ended, also while its own Redis is away', async () => {
    const { accessToken, session } = await app.register();
    const stream = await follow(other);
    redisWire.hang();
    await app.http.post('/api/auth/logout', { token: accessToken });
    await until('it is named', () => stream.named.map(({ data }) => data.sid).includes(session.id));
    const { length } = stream.heartbeats;
    await until('it goes on', () => stream.heartbeats.length > length + 3);
  });

  it('a heartbeat stands behind every end that was committed before its instant', async () => {
    const { accessToken, session } = await app.register();
    const stream = await follow();
    const { length } = stream.heartbeats;
    const beganMs = performance.now();
    await app.http.post('/api/auth/logout', { token: accessToken });
    const elapsedMs = performance.now() - beganMs;
    const last = stream.heartbeats.at(-1)!;
    const later = await until('a heartbeat is later than the answer', () =>
      stream.heartbeats.slice(length).find(({ asOf }) => asOf > last.asOf + elapsedMs),
    );
    const named = stream.events.findIndex(({ data }) => data.sid === session.id);
    expect(named).toBeGreaterThanOrEqual(0);
    expect(named).toBeLessThan(later.index);
  });

  it('resumes at another instance, with all that was missed before the first heartbeat', async () => {
    const users = await Promise.all(Array.from({ length: 3 }, () => app.register()));
    const stream = await follow();
    await app.http.post('/api/auth/logout', { token: users[0]!.accessToken });
    await until('the first is named', () => stream.named.length > 0);
    await stream.close();
    for (const { accessToken } of users.slice(1)) {
      await app.http.post('/api/auth/logout', { token: accessToken });
    }
    const resumed = await follow(other, stream.lastId);
    const named = resumed.events.slice(0, resumed.heartbeats[0]!.index).map(({ data }) => data.sid);
    expect(named).toEqual(expect.arrayContaining(users.slice(1).map(({ session }) => session.id)));
    expect(resumed.named.map(({ name }) => name)).not.toContain('reset');
  });

  it.each([
    ['a text that is no position', () => 'yesterday'],
    ['an epoch that Postgres has lost', (id: string) => id.replace(/^\d+/, '999999')],
    ['another Postgres', (id: string) => id.replace(/\|\d+:\d+/, '|99999999:99999999')],
    [
      'more than 24 hours ago',
      (id: string) => id.replace(/\d+$/, (ms) => String(Number(ms) - 25 * 3_600_000)),
    ],
  ])('says that ends may be missing after %s, and goes on', async (_case, change) => {
    const stream = await follow();
    await stream.close();
    const resumed = await follow(app, change(stream.lastId));
    expect(resumed.events[0]).toMatchObject({ name: 'reset', data: { reason: 'not_resumable' } });
  });

  it('says that ends may be missing where too much has happened to send it', async () => {
    const limit = jest.replaceProperty(app.nest.get(SyncTimings), 'maxEntries', 2000);
    const stream = await follow();
    await stream.close();
    const from = parseCheckpoint(stream.lastId)!;
    await app.database.sql.query(`
      INSERT INTO outbox SELECT gen_random_uuid(), pg_current_xact_id()::text::bigint, 'other',
        gen_random_uuid(), '{}', clock_timestamp() FROM generate_series(1, 2001)`);
    let last: unknown;
    for await (const page of app.nest.get(OutboxFeed).resume(from)) {
      last = page;
    }
    limit.restore();
    expect(last).toBeNull();
    await app.database.sql.query('TRUNCATE outbox');
  });

  it('says that ends may be missing when Postgres has lost its epoch', async () => {
    const stream = await follow();
    await app.database.sql.query('DELETE FROM live_epochs');
    await until('it is told', () => stream.named.map(({ name }) => name).includes('reset'));
    const { length } = stream.events;
    await until('it goes on', () => stream.events.slice(length).some(({ id }) => id));
    const { accessToken, session } = await app.register();
    await app.http.post('/api/auth/logout', { token: accessToken });
    await until('it is named', () => stream.named.map(({ data }) => data.sid).includes(session.id));
  });

  it('is silent while Postgres does not answer, and names the ends of that time after it', async () => {
    const { accessToken, session } = await app.register();
    const stream = await follow(other);
    wire.hang();
    await app.http.post('/api/auth/logout', { token: accessToken });
    const refused = await until(
      'new clients are refused',
      async () => {
        const asked = await RevocationStream.open(other.http.origin, CREDENTIALS);
        await asked.close();
        return asked;
      },
      ({ response }) => response.status !== 200,
    );
    expect(refused.response.status).toBe(503);
    expect(refused.response.headers.get('retry-after')).toBe('1');
    const { length } = stream.events;
    expect(stream.named).toEqual([]);
    wire.restore();
    await until('it is named', () => stream.named.map(({ data }) => data.sid).includes(session.id));
    expect(stream.events.slice(length)[0]).toMatchObject({ name: 'session' });
  });

  it('is for clients of INTROSPECTION_CLIENTS', async () => {
    for (const credentials of ['billing:wrong', 'nobody:a long random secret']) {
      const { response } = await RevocationStream.open(app.http.origin, credentials);
      await response.body?.cancel();
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
  });

  it('has a limit of subscribers', async () => {
    await Promise.all(Array.from({ length: 4 }, () => follow()));
    const { response } = await follow();
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'overloaded' });
  });

  it('disconnects a client that does not read', async () => {
    const stream = await follow();
    const { hostname, port } = new URL(app.http.origin);
    const idle = connect(Number(port), hostname);
    idle.pause();
    idle.on('error', () => undefined);
    idle.write(
      `GET /api/auth/revocations HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa(CREDENTIALS)}\r\n\r\n`,
    );
    await until('both follow', () => subscribers(), 2);
    await app.database.sql.query(`
      INSERT INTO outbox SELECT gen_random_uuid(), pg_current_xact_id()::text::bigint, 'session-revoked',
        gen_random_uuid(), '{"sessionId": "${'x'.repeat(900)}", "expiresAtMs": 1}', clock_timestamp()
        FROM generate_series(1, 20000)`);
    await until('one is gone', () => subscribers(), 1);
    await until('the other has all', () => stream.named.length, 20_000);
    idle.destroy();
    // An instance that is behind refuses new clients.
    await until(
      'new clients are served',
      () => open(app),
      ({ response }) => response.status === 200,
    );
  });

  it('measures how late it is', async () => {
    const stream = await follow();
    const { accessToken } = await app.register();
    const name = 'latchkey_revocation_stream_lag_seconds_count';
    const before = (await Scrape.of(app.http.origin)).sum(name);
    await app.http.post('/api/auth/logout', { token: accessToken });
    await until('it is named', () => stream.named.length > 0);
    expect((await Scrape.of(app.http.origin)).sum(name)).toBe(before + 1);
  });

  it('tells its clients to connect to another instance when it stops', async () => {
    const api = await ApiProcess.spawn({
      DATABASE_URL: app.database.url,
      REDIS_URL: app.redis.url,
      ...env,
    });
    try {
      await api.untilServing();
      const stream = await RevocationStream.open(api.http.origin, CREDENTIALS);
      await until('the stream is complete', () => stream.heartbeats.length > 0);
      api.signal('SIGTERM');
      expect(await stream.ended).toBe('ended');
      expect(stream.events.at(-1)?.name).toBe('reconnect');
      expect(await api.ended).toBe('exit code 0');
    } finally {
      await api.kill();
    }
  });
});
