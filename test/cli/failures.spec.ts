import { startTestApp, type TestApp } from '../support/app';
import { buildOnce } from '../support/build';
import { expectOneSentence, runCli } from '../support/cli';
import { countSessions, insertEndedSessions } from '../support/session-rows';

/** Nothing listens there. */
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
    ['sessions list', (email: string) => ['sessions', 'list', email]],
    ['sessions revoke', (email: string) => ['sessions', 'revoke', email]],
  ])('%s', (_command, argsFor) => {
    it('answers 3 for an address without an account', async () => {
      const answer = await runCli(argsFor('nobody@example.com'), settings);
      expect(answer.exitCode).toBe(3);
      expectOneSentence(answer);
      expect(answer.stderr).toContain('nobody@example.com');
    });

    it('answers 2, and asks no store, for what is no address', async () => {
      const answer = await runCli(argsFor('x@localhost'), {
        ...settings,
        DATABASE_URL: `postgres://latchkey@${CLOSED_PORT}/latchkey`,
      });
      expect([answer.exitCode, answer.stderr]).toEqual([
        2,
        'latchkey: The e-mail address must have a domain with a dot.\n',
      ]);
    });
  });

  describe('fails in seconds and with one sentence', () => {
    const needPostgres = [
      'users grant-role ada@example.com admin',
      'sessions revoke ada@example.com',
      'sessions list ada@example.com',
      'clean-up',
      'migrate',
      'stats',
      'users import',
    ];

    async function expectFailure(command: string, env: Record<string, string>, about: string) {
      const startedMs = performance.now();
      const answer = await runCli(command.split(' '), { ...settings, ...env });
      expect(performance.now() - startedMs).toBeLessThan(15_000);
      expect(answer.exitCode).toBe(1);
      expectOneSentence(answer);
      expect(answer.stderr).toContain(about);
      expect(answer.stderr).not.toContain('s3cret');
    }

    it.each(needPostgres)('without Postgres: %s', async (command) => {
      const env = { DATABASE_URL: `postgres://latchkey:s3cret@${CLOSED_PORT}/latchkey` };
      await expectFailure(command, env, 'Postgres cannot be reached: check DATABASE_URL');
    });

    it.each(['stats', 'clean-up', 'redis-check'])('without Redis: %s', async (command) => {
      const env = { REDIS_URL: `redis://:s3cret@${CLOSED_PORT}` };
      await expectFailure(command, env, 'Redis cannot be reached: check REDIS_URL');
    });

    it('with a database that does not exist, or a wrong password', async () => {
      const absent = new URL(app.database.url);
      absent.pathname = '/absent';
      await expectFailure('stats', { DATABASE_URL: absent.href }, 'DATABASE_URL');
      const refused = new URL(app.database.url);
      refused.password = 's3cret';
      await expectFailure('migrate', { DATABASE_URL: refused.href }, 'DATABASE_URL');
    });

    it('with a setting that is missing', async () => {
      await expectFailure('stats', { REDIS_URL: '' }, 'REDIS_URL is required');
    });
  });

  it.each([
    ['sessions revoke', (email: string) => ['sessions', 'revoke', email]],
    ['users grant-role', (email: string) => ['users', 'grant-role', email, 'admin']],
  ])(
    '%s needs no Redis: when it is done, running servers refuse the tokens',
    async (_, argsFor) => {
      const { user, accessToken: token } = await app.register();
      expect((await app.http.get('/api/auth/profile', { token })).status).toBe(200);
      const env = { ...settings, REDIS_URL: `redis://${CLOSED_PORT}` };
      expect((await runCli(argsFor(user.email), env)).exitCode).toBe(0);
      expect((await app.http.get('/api/auth/profile', { token })).status).toBe(401);
    },
  );

  it('needs no Redis to list sessions', async () => {
    const { user } = await app.register();
    const env = { ...settings, REDIS_URL: `redis://${CLOSED_PORT}` };
    const list = await runCli(['sessions', 'list', user.email], env);
    expect(list.exitCode).toBe(0);
  });

  it('cleans Postgres up all the same when it cannot clean up Redis', async () => {
    const { user } = await app.register();
    await insertEndedSessions(app.database, user.id, 3);
    const env = { ...settings, REDIS_URL: `redis://${CLOSED_PORT}` };
    expect((await runCli(['clean-up'], env)).exitCode).toBe(1);
    expect(await countSessions(app.database, user.id)).toBe(1);
  });
});
