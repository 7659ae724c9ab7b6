import { HealthTimings } from '../../apps/api/health/health-timings';
import { SyncLeases, type SyncLease, SyncTimings } from '../../libs/sync';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { readiness, untilWarned } from '../support/health-report';
import { documentedRights } from '../support/redis-rights';
import { until } from '../support/until';

const PROFILE = '/api/auth/profile';
const USER = { name: 'latchkey', password: 'a-password-of-the-tests' };

/** Logged when the test, or a busy machine, ends a connection. */
const UNREACHABLE = /connection was lost|Socket timeout/;

describe('a Redis user', () => {
  let app: TestApp;
  let syncLease: SyncLease;

  const permit = (...rules: string[]) =>
    app.redis.client.call(
      'ACL',
      'SETUSER',
      USER.name,
      'reset',
      'on',
      `>${USER.password}`,
      ...rules,
    );

  beforeAll(async () => {
    app = await startTestApp({
      redisUser: USER,
      timings: new SyncTimings(),
      // The user is created once the server runs, and the application starts without Redis.
      env: { LOG_LEVEL: 'info' },
    });
    app.nest.get(HealthTimings).cacheMs = 0;
    syncLease = app.nest.get(SyncLeases).at(0);
  });

  afterAll(async () => {
    await app.close();
  });

  async function status(token: string): Promise<number> {
    return (await app.http.get(PROFILE, { token })).status;
  }

  async function epochs(): Promise<string> {
    const rows = await app.database.sql.query<{ last_value: string }[]>(
      'SELECT last_value FROM redis_epochs',
    );
    return rows[0]!.last_value;
  }

  function complaints(from: number): string[] {
    return app.log
      .slice(from)
      .map((line) => JSON.parse(line) as { level: number; msg: string })
      .filter(({ level }) => level >= 40)
      .map(({ msg }) => msg)
      .filter((msg) => msg !== 'audit event');
  }

  it('that does not exist is named in the report, and Redis is used once it exists', async () => {
    await untilWarned(app, 'credentials_refused');
    expect((await readiness(app)).status).toBe(200);
    await permit('~*', '&*', '+@all');
    await syncLease.acquired();
    expect((await readiness(app)).warnings).toEqual([]);
  });

  it('needs only the permissions that the documentation lists', async () => {
    await permit(...documentedRights());
    await syncLease.acquired();
    const { accessToken: token, user } = await app.register();
    expect(await status(token)).toBe(200);
    const put = await app.http.put(PROFILE, { token, json: { bio: 'changed' } });
    expect(put.status).toBe(200);
    expect((await app.http.get(PROFILE, { token })).headers.get('x-cache')).toBe('MISS');
    expect((await app.http.get(PROFILE, { token })).headers.get('x-cache')).toBe('HIT');
    expect((await app.http.post('/api/auth/logout-all', { token })).status).toBe(200);
    expect(await status(token)).toBe(401);
    await app.login(user.email, PASSWORD);
    const { warnings, redis } = await readiness(app);
    expect([warnings, redis.inSync]).toEqual([['no_figures'], true]);
    expect(redis).toMatchObject({ version: null, role: null, usedMemoryBytes: null });
  });

  it.each([
    ['may not run scripts', ['+@all', '-@scripting'], '+eval'],
    ['may not run EVALSHA', ['+@all', '-evalsha'], '+evalsha'],
    ['may not run one command inside them', ['+@all', '-zadd'], '+zadd'],
    ['may not write', ['+@all', '-@write'], '+set'],
    [
      'may not touch keys of one kind',
      ['+@all', 'resetkeys', '~latchkey:*', '~user:*', '~blacklist:*'],
      '~session:',
    ],
    ['may only read keys', ['+@all', 'resetkeys', '%R~*'], '~user:tokens:'],
  ])('that %s: Postgres answers until it is permitted', async (_what, rules, missing) => {
    await permit('~*', '&*', '+@all');
    await syncLease.acquired();
    const [live, dead] = [await app.register(), await app.register()];
    const [before, begun] = [await epochs(), app.log.length];

    await permit('~*', '&*', ...rules);
    // The first request that needs it discovers the missing permission.
    expect((await app.register()).user.id).toBeDefined();
    await until(
      'the report names the missing permission',
      async () => (await readiness(app)).redis.warnings,
      ([warning]) => warning?.code === 'missing_permission' && warning.message.includes(missing),
    );
    expect(syncLease.epoch()).toBeNull();
    expect((await readiness(app)).status).toBe(200);
    const profile = await app.http.get(PROFILE, { token: live.accessToken });
    expect([profile.status, profile.headers.get('x-cache')]).toEqual([200, 'BYPASS']);
    const logout = await app.http.post('/api/auth/logout', { token: dead.accessToken });
    expect([logout.status, await status(dead.accessToken)]).toEqual([204, 401]);
    const complained = complaints(begun).filter((line) => !UNREACHABLE.test(line));
    expect(complained).toEqual([expect.stringContaining(missing)]);

    await permit('~*', '&*', '+@all');
    await until('Redis is in sync', async () => {
      expect(await status(dead.accessToken)).toBe(401);
      return syncLease.epoch();
    });
    expect(await status(dead.accessToken)).toBe(401);
    expect(await status(live.accessToken)).toBe(200);
    const tombstone = `blacklist:{${dead.user.id}}:${dead.session.id}`;
    expect(await app.redis.client.exists(tombstone)).toBe(1);
    expect(await epochs()).toBe(before);
    expect((await readiness(app)).warnings).toEqual([]);
  });

  it('has no keys left from the probe of its permissions', async () => {
    const keys = await app.redis.client.keys('*probe*');
    expect(keys).toEqual([]);
  });

  it('does not count as away when a script has a fault', async () => {
    await permit('~*', '&*', '+@all');
    await syncLease.acquired();
    const { accessToken: token, user } = await app.register();
    await app.redis.client.set(`session:{${user.id}}`, 'not a hash');
    expect(await status(token)).toBe(500);
    expect(syncLease.epoch()).not.toBeNull();
  });
});
