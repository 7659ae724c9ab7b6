import { startTestApp, type TestApp } from '../support/app';
import { buildOnce } from '../support/build';
import { expectOneSentence, runCli, runCommand } from '../support/cli';
import { someOf } from '../support/long-tests';
import { countSessions, insertEndedSessions } from '../support/session-rows';

/** No server listens there. */
const CLOSED_PORT = '127.0.0.1:9';

describe('a command that cannot succeed', () => {
  let app: TestApp;
  let settings: Record<string, string>;

  beforeAll(async () => {
    await buildOnce();
    app = await startTestApp();
    settings = {
      DATABASE_URL: app.database.url,
      REDIS_URL: app.redis.url,
      JWT_SECRET: 'a secret of the tests, long enough',
    };
  }, 120_000);

  afterAll(async () => {
    await app.close();
  });

  describe.each([
    ['users grant-role', (email: string) => ['users', 'grant-role', email, 'admin']],
    ['users show', (email: string) => ['users', 'show', email]],
    ['users events', (email: string) => ['users', 'events', email]],
    ['sessions list', (email: string) => ['sessions', 'list', email]],
    ['sessions revoke', (email: string) => ['sessions', 'revoke', email]],
  ])('%s', (_command, argsFor) => {
    it('exits with 3 for an address without an account', async () => {
      const answer = await runCommand(argsFor('unknown@example.com'), settings);
      expect(answer.exitCode).toBe(3);
      expectOneSentence(answer);
      expect(answer.stderr).toContain('unknown@example.com');
    });

    it('exits with 2 for a malformed address, without a store', async () => {
      const answer = await runCommand(argsFor('x@localhost'), {
        ...settings,
        DATABASE_URL: `postgres://latchkey@${CLOSED_PORT}/latchkey`,
      });
      expect([answer.exitCode, answer.stderr]).toEqual([
        2,
        'latchkey: The e-mail address must have a domain with a dot.\n',
      ]);
    });
  });

  describe('fails with one sentence', () => {
    const needPostgres = [
      'users grant-role ada@example.com admin',
      'sessions revoke ada@example.com',
      'sessions list ada@example.com',
      'clean-up',
      'migrate',
      'users import',
      'users show ada@example.com',
      'users events ada@example.com',
    ];

    async function expectFailure(
      command: string,
      env: Record<string, string>,
      about: string,
      run = runCommand,
    ) {
      const answer = await run(command.split(' '), { ...settings, ...env });
      expect(answer.exitCode).toBe(1);
      expectOneSentence(answer);
      expect(answer.stderr).toContain(about);
      expect(answer.stderr).not.toContain('s3cret');
    }

    it.each(someOf(needPostgres, 3))('without Postgres: %s', async (command) => {
      const env = { DATABASE_URL: `postgres://latchkey:s3cret@${CLOSED_PORT}/latchkey` };
      const reason = 'refused the connection (ECONNREFUSED): check DATABASE_URL';
      await expectFailure(command, env, `Postgres at ${CLOSED_PORT} ${reason}`, runCli);
    });

    it.each(['stats', 'clean-up', 'redis-check'])('without Redis: %s', async (command) => {
      const env = { REDIS_URL: `redis://:s3cret@${CLOSED_PORT}` };
      const reason = 'refused the connection (ECONNREFUSED): check REDIS_URL';
      await expectFailure(command, env, `Redis at ${CLOSED_PORT} ${reason}`);
    });

    it('with a database that does not exist, or a wrong password', async () => {
      const absent = new URL(app.database.url);
      absent.pathname = '/absent';
      await expectFailure(
        'clean-up',
        { DATABASE_URL: absent.href },
        '"absent" does not exist',
        runCli,
      );
      const refused = new URL(app.database.url);
      refused.password = 's3cret';
      const about = `Postgres at ${refused.host}`;
      await expectFailure('migrate', { DATABASE_URL: refused.href }, about, runCli);
    });

    it('with a setting that is missing', async () => {
      await expectFailure('stats', { REDIS_URL: '' }, 'REDIS_URL is required');
      await expectFailure('users show a@example.com', { DATABASE_URL: '' }, 'DATABASE_URL is');
    });

    it('with a wrong password for Redis', async () => {
      const refused = new URL(app.redis.url);
      [refused.username, refused.password] = ['stranger', 's3cret'];
      const about = `Redis at ${refused.host} cannot be used: Redis refuses the user name or password`;
      await expectFailure('stats', { REDIS_URL: refused.href }, about);
    });

    it('with an error of Postgres that quotes input', async () => {
      const { sql } = app.database;
      await sql.query(
        `ALTER TABLE users ADD CONSTRAINT ck_quoting CHECK (email NOT LIKE 's3cret%')`,
      );
      const hash = '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy';
      const line = JSON.stringify({ email: 's3cret@example.com', passwordHash: hash });
      const { exitCode, stderr } = await runCommand(['users', 'import'], settings, { input: line });
      await sql.query('ALTER TABLE users DROP CONSTRAINT ck_quoting');
      expect([exitCode, stderr]).toEqual([
        1,
        'latchkey: Postgres: check violation (SQLSTATE 23514)\n',
      ]);
    });
  });

  it.each([
    ['sessions revoke', (email: string) => ['sessions', 'revoke', email]],
    ['users grant-role', (email: string) => ['users', 'grant-role', email, 'admin']],
  ])('%s needs no Redis: afterwards running servers refuse the tokens', async (_, argsFor) => {
    const { user, accessToken: token } = await app.register();
    expect((await app.http.get('/api/auth/profile', { token })).status).toBe(200);
    const env = { ...settings, REDIS_URL: `redis://${CLOSED_PORT}` };
    expect((await runCommand(argsFor(user.email), env)).exitCode).toBe(0);
    expect((await app.http.get('/api/auth/profile', { token })).status).toBe(401);
  });

  it.each([
    ['stats', 'REDIS_URL'],
    ['redis-check', 'REDIS_URL'],
    ['migrate', 'DATABASE_URL'],
  ])('needs no more than one setting: %s with %s', async (command, name) => {
    const answer = await runCommand([command], { [name]: settings[name]! });
    expect([answer.exitCode, answer.stderr]).toEqual([0, '']);
  });

  it('needs no signing key to list users and sessions', async () => {
    const { user } = await app.register();
    const { DATABASE_URL, REDIS_URL } = settings;
    const env = { DATABASE_URL: DATABASE_URL!, REDIS_URL: REDIS_URL!, NODE_ENV: 'production' };
    for (const args of [
      ['users', 'show'],
      ['users', 'events'],
      ['sessions', 'list'],
    ]) {
      expect((await runCommand([...args, user.email], env)).exitCode).toBe(0);
    }
  });

  it('needs no Redis to list sessions', async () => {
    const { user } = await app.register();
    const env = { ...settings, REDIS_URL: `redis://${CLOSED_PORT}` };
    const list = await runCommand(['sessions', 'list', user.email], env);
    expect(list.exitCode).toBe(0);
  });

  it('cleans up Postgres also when it cannot clean up Redis', async () => {
    const { user } = await app.register();
    await insertEndedSessions(app.database, user.id, 3);
    const env = { ...settings, REDIS_URL: `redis://${CLOSED_PORT}` };
    expect((await runCommand(['clean-up'], env)).exitCode).toBe(1);
    expect(await countSessions(app.database, user.id)).toBe(1);
  });
});
