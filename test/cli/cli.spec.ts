import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { EventQueue } from '../../libs/audit/event-queue';
import { startTestApp, type TestApp } from '../support/app';
import { buildOnce } from '../support/build';
import { expectOneSentence, runCli, runCommand, type CliAnswer } from '../support/cli';
import { countSessions, insertEndedSessions, insertSessions } from '../support/session-rows';
import { auditRows } from '../support/audit-events';
import { sharedStores } from '../support/shared-stores';
import { createTestDatabase } from '../support/stores';

const DAY_MS = 86_400_000;

describe('the commands', () => {
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

  function latchkey(...args: string[]): Promise<CliAnswer> {
    return runCommand(args, settings);
  }

  async function json(...args: string[]): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await latchkey(...args, '--json');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.trimEnd()).not.toContain('\n');
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  describe('migrate', () => {
    it('migrates an empty database, and then has nothing to do', async () => {
      const empty = await createTestDatabase();
      await empty.sql.query('DROP SCHEMA public CASCADE');
      await empty.sql.query('CREATE SCHEMA public');
      const env = { DATABASE_URL: empty.url };
      try {
        const outdated = await runCommand(['sessions', 'list', 'ada@example.com'], {
          ...settings,
          ...env,
        });
        expect(outdated.exitCode).toBe(1);
        expect(outdated.stderr).toContain('latchkey migrate');

        const first = await runCommand(['migrate', '--json'], env);
        expect(first.exitCode).toBe(0);
        const { applied } = JSON.parse(first.stdout) as { applied: string[] };
        expect(applied).toContain('CreateUsersAndSessions1764000000000');
        const second = await runCommand(['migrate'], env);
        expect([second.exitCode, second.stdout]).toEqual([0, 'Nothing to do.\n']);
      } finally {
        await empty.drop();
      }
    });
  });

  describe('users grant-role', () => {
    it('makes the first administrator, who signs in anew', async () => {
      const { accessToken, user } = await app.register();
      const before = await app.http.get('/api/auth/profile', { token: accessToken });
      expect(before.status).toBe(200);

      const { exitCode, stdout } = await latchkey('users', 'grant-role', user.email, 'admin');
      expect([exitCode, stdout]).toEqual([
        0,
        `${user.email} has the role admin; its sessions are revoked.\n`,
      ]);
      const after = await app.http.get('/api/auth/profile', { token: accessToken });
      expect([after.status, after.body.code]).toEqual([401, 'token_revoked']);

      const admin = await app.login(user.email);
      expect(admin.user.role).toBe('admin');
      const list = await app.http.get(`/api/admin/users/${user.id}/sessions`, {
        token: admin.accessToken,
      });
      expect(list.status).toBe(200);
    });

    it('finds the account in any letter case, and prints its state as JSON', async () => {
      const { user } = await app.register();
      const granted = await json('users', 'grant-role', user.email.toUpperCase(), 'admin');
      expect(granted).toEqual({
        id: user.id,
        email: user.email,
        role: 'admin',
        disabled: false,
      });
    });
  });

  describe('users show', () => {
    it('shows an account, and never its hash', async () => {
      const { user, session } = await app.register();
      expect(await json('users', 'show', user.id)).toMatchObject({ id: user.id });
      expect(await json('users', 'show', user.email.toUpperCase())).toEqual({
        id: user.id,
        email: user.email,
        displayName: null,
        bio: null,
        avatarUrl: null,
        role: 'user',
        disabledAt: null,
        disabledUntil: null,
        disabledReason: null,
        activeSessions: 1,
        lastSignInAt: expect.stringMatching(/^\d{4}-/) as string,
        createdAt: user.createdAt,
        updatedAt: user.updatedAt,
      });
      expect(session.id).toBeDefined();
      const { stdout } = await runCli(['users', 'show', user.email], settings);
      expect(stdout).toMatch(/^activeSessions +1$/m);
      expect(stdout).not.toContain('argon2');
    });
  });

  describe('users and invitations', () => {
    const until = '2999-12-31T12:00:00.000Z';

    it('create an account with a password, list and search it, disable, enable and delete it', async () => {
      const email = 'cli-1@example.com';
      const created = await runCommand(
        ['users', 'create', email, '--display-name', 'Cli One', '--password-stdin', '--json'],
        settings,
        { input: 'correct horse battery staple\n' },
      );
      expect(created.exitCode).toBe(0);
      const user = JSON.parse(created.stdout) as { id: string };
      expect(user).toMatchObject({ email, displayName: 'Cli One', role: 'user' });
      expect(user).not.toHaveProperty('invitation');
      const { accessToken: token } = await app.login(email);

      for (const args of [
        ['--prefix', 'CLI'],
        ['--enabled', '--prefix', 'cli o'],
        ['--limit', '999'],
      ]) {
        const { users } = (await json('users', 'list', ...args)) as { users: { id: string }[] };
        expect(users.map(({ id }) => id)).toContain(user.id);
      }
      const table = await latchkey('users', 'list', '--prefix', 'cli-1');
      expect(table.stdout).toMatch(/^ID +EMAIL +NAME +ROLE +DISABLED +SESSIONS +LAST SIGN-IN\n/);
      expect(table.stdout).toMatch(/ cli-1@example\.com +Cli One +user +- +1 +\d{4}-/);

      const args = ['--until', until, '--reason', 'for a while'];
      expect(await json('users', 'disable', email, ...args)).toMatchObject({
        disabledUntil: until,
        disabledReason: 'for a while',
        activeSessions: 0,
      });
      expect((await app.http.get('/api/auth/profile', { token })).status).toBe(401);
      expect((await json('users', 'list', '--disabled')).users).toHaveLength(1);
      expect((await json('users', 'enable', user.id)).disabledAt).toBeNull();
      const deleted = await latchkey('users', 'delete', email);
      expect(deleted.stdout).toBe(`${email} is deleted.\n`);
      for (const command of ['show', 'disable', 'enable', 'delete']) {
        for (const unknown of [email, user.id]) {
          expect((await latchkey('users', command, unknown)).exitCode).toBe(3);
        }
      }
    });

    it('invite: the code of an account without a password, or of any account, is printed once', async () => {
      const email = 'cli-2@example.com';
      const created = await json('users', 'create', email);
      const { code } = created.invitation as { code: string };
      const register = (invitation: string) =>
        app.http.post('/api/auth/register', {
          json: { email, password: 'correct horse battery staple', invitation },
        });
      const { invitations } = (await json('invitations', 'list')) as { invitations: object[] };
      expect(invitations).toEqual([
        expect.objectContaining({ email, userId: created.id, role: 'user' }),
      ]);
      expect((await register(code)).body.user).toMatchObject({ id: created.id });

      const { id, code: withdrawn } = await json('invitations', 'create', '--expires-in', '2h');
      const { stdout } = await latchkey('invitations', 'list');
      expect(stdout).toContain(String(id));
      expect(stdout).not.toContain(withdrawn);
      expect((await latchkey('invitations', 'delete', String(id))).exitCode).toBe(0);
      expect((await latchkey('invitations', 'delete', String(id))).exitCode).toBe(3);
      expect((await register(String(withdrawn))).body.code).toBe('invitation_required');
      const taken = await latchkey('invitations', 'create', '--email', email);
      expect(taken.exitCode).toBe(1);
      expectOneSentence(taken);
    });

    it.each([
      [
        'a weak password',
        ['users', 'create', 'cli-3@example.com', '--password-stdin'],
        'password\n',
      ],
      ['a short password', ['users', 'create', 'cli-3@example.com', '--password-stdin'], 'x'],
      ['an address that is none', ['users', 'create', 'cli-3'], ''],
      ['a reason of two lines', ['users', 'disable', 'cli-3@example.com', '--reason', 'a\nb'], ''],
    ])('refuse %s with one sentence', async (_what, args, input) => {
      const answer = await runCommand(args, settings, { input });
      expect(answer.exitCode).toBe(2);
      expectOneSentence(answer);
    });

    it('keep the last administrator', async () => {
      await app.database.sql.query(`UPDATE users SET role = 'user'`);
      const { user } = await app.register();
      await latchkey('users', 'grant-role', user.email, 'admin');
      for (const args of [
        ['disable', user.email],
        ['delete', user.email],
        ['grant-role', user.email, 'user'],
      ]) {
        const answer = await latchkey('users', ...args);
        expect(answer.exitCode).toBe(1);
        expect(answer.stderr).toMatch(/last administrator/);
      }
    });
  });

  describe('users events', () => {
    it('lists why a user was signed out, newest first, also when the account is deleted', async () => {
      const { user, session, accessToken: token } = await app.register();
      app.clock.advance(1000);
      await app.http.post('/api/auth/logout', { token });
      const { accessToken } = await app.login(user.email);
      app.clock.advance(1000);
      await app.http.post('/api/auth/logout-all', { token: accessToken });
      await app.nest.get(EventQueue).flush();

      const { exitCode, stdout } = await latchkey('users', 'events', user.email);
      expect(exitCode).toBe(0);
      const [headings, ...rows] = stdout.trimEnd().split('\n');
      expect(headings).toMatch(/^TIME +EVENT +REASON +ADDRESS +DEVICE +SESSION$/);
      expect(rows[0]).toMatch(
        /^\S+Z {2}sessions_revoked +logout_all revokedSessions=1 +127\.0\.0\.1 /,
      );
      expect(rows.find((row) => row.includes(' logout '))).toContain(session.id);
      expect(rows.at(-1)).toContain('account_registered');

      const answer = await app.login(user.email);
      const body = { currentPassword: 'correct horse battery staple' };
      const gone = await app.http.call('DELETE', '/api/auth/profile', {
        token: answer.accessToken,
        json: body,
      });
      expect(gone.status).toBe(204);
      expect((await latchkey('users', 'events', user.email)).exitCode).toBe(3);
      const { events } = (await json('users', 'events', user.id, '--limit', '1')) as {
        events: object[];
      };
      expect(events).toEqual([
        expect.objectContaining({ name: 'account_deleted', sessionId: answer.session.id }),
      ]);
    });

    it('exits with 3 for an unknown id', async () => {
      const answer = await latchkey('users', 'events', '00000000-0000-4000-8000-000000000000');
      expect(answer.exitCode).toBe(3);
      expectOneSentence(answer);
    });
  });

  describe('sessions', () => {
    it('are listed as a table, newest first', async () => {
      const { user, session } = await app.register();
      app.clock.advance(1000);
      const userAgent = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Firefox/127.0';
      const json = { email: user.email, password: 'correct horse battery staple' };
      const headers = { 'user-agent': userAgent };
      const second = await app.http.post('/api/auth/login', { json, headers });
      expect(second.status).toBe(200);

      const { exitCode, stdout } = await latchkey('sessions', 'list', user.email);
      expect(exitCode).toBe(0);
      const [headings, newest, oldest, ...rest] = stdout.trimEnd().split('\n');
      expect(rest).toEqual([]);
      expect(headings).toMatch(/^SESSION {2,}DEVICE +ADDRESS +SIGNED IN +LAST SEEN +EXPIRES$/);
      expect(newest).toMatch(
        /^[0-9a-f-]{36} {2}Firefox on macOS {2}127\.0\.0\.1( {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ){3}$/,
      );
      expect(oldest).toContain(session.id);
      expect(newest?.indexOf('127.0.0.1')).toBe(headings?.indexOf('ADDRESS'));
    });

    it('are listed as JSON as the API lists them', async () => {
      const { user, session } = await app.register();
      const listed = await json('sessions', 'list', user.email);
      expect(listed).toEqual({
        sessions: [
          {
            id: session.id,
            createdAt: session.createdAt,
            lastSeenAt: session.createdAt,
            expiresAt: session.expiresAt,
            ip: '127.0.0.1',
            userAgent: expect.any(String) as string,
            device: expect.any(String) as string,
          },
        ],
      });
    });

    it('of more than a page are all listed', async () => {
      const { user } = await app.register();
      await insertSessions(app.database, user.id, 1200, Date.now() + DAY_MS);
      const { sessions } = (await json('sessions', 'list', user.email)) as {
        sessions: { id: string }[];
      };
      expect(new Set(sessions.map(({ id }) => id)).size).toBe(1201);
    });

    it('cannot steer the terminal by their user agent', async () => {
      const { user } = await app.register();
      await app.database.sql.query('UPDATE sessions SET user_agent = $2 WHERE user_id = $1', [
        user.id,
        'Evil\u001b[2J\u009b31m\u202e',
      ]);
      const { stdout } = await latchkey('sessions', 'list', user.email);
      expect(stdout).toContain('Evil');
      expect(stdout.trimEnd()).not.toMatch(/[^\n\P{C}]/u);
    });

    it('revokes one session alone', async () => {
      const { user } = await app.register();
      const { accessToken, session } = await app.login(user.email);
      const one = ['sessions', 'revoke', user.email, '--session'];
      expect(await json(...one, session.id)).toEqual({ revokedSessions: 1 });
      const refused = await app.http.get('/api/auth/profile', { token: accessToken });
      expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
      const { sessions } = (await json('sessions', 'list', user.email)) as { sessions: unknown[] };
      expect(sessions).toHaveLength(1);
      expect((await latchkey(...one, session.id)).exitCode).toBe(3);
      expect((await latchkey(...one, 'the first')).exitCode).toBe(2);
    });

    it('are all ended at once', async () => {
      const first = await app.register();
      const second = await app.login(first.user.email);
      const revoked = await json('sessions', 'revoke', first.user.email);
      expect(revoked).toEqual({ revokedSessions: 2 });
      for (const { accessToken } of [first, second]) {
        const refused = await app.http.get('/api/auth/profile', { token: accessToken });
        expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
      }
      const reasons = await app.database.sql.query<{ revoked_reason: string }[]>(
        'SELECT DISTINCT revoked_reason FROM sessions WHERE user_id = $1',
        [first.user.id],
      );
      expect(reasons).toEqual([{ revoked_reason: 'revoked_by_administrator' }]);
      const events = await auditRows(app.database.sql);
      expect(events).toContainEqual(
        expect.objectContaining({
          name: 'sessions_revoked',
          user_id: first.user.id,
          actor_id: null,
          ip: null,
          request_id: null,
          details: { reason: 'revoked_by_administrator', revokedSessions: 2 },
        }),
      );

      const again = await latchkey('sessions', 'revoke', first.user.email);
      expect([again.exitCode, again.stdout]).toEqual([0, 'Sessions revoked: 0.\n']);
      const list = await latchkey('sessions', 'list', first.user.email);
      expect(list.stdout).toBe(`${first.user.email} has no active session.\n`);
    });
  });

  describe('clean-up', () => {
    it('deletes sessions that ended over 30 days ago, batch by batch, and no others', async () => {
      const { user } = await app.register();
      await insertEndedSessions(app.database, user.id, 2100);
      await insertSessions(app.database, user.id, 1, Date.now() - 29 * DAY_MS);
      await app.database.sql.query(
        `INSERT INTO invitations (id, code_hash, role, created_at, expires_at)
         SELECT gen_random_uuid(), sha256(at::text::bytea), 'user', now() - interval '8 days', now() + at
           FROM unnest('{-1 second, 1 hour}'::interval[]) AS at`,
      );
      expect(await json('clean-up')).toEqual({
        deletedSessions: 2100,
        deletedRefreshTokens: 0,
        removedAvatarFiles: 0,
        deletedAuditEvents: 0,
        deletedInvitations: 1,
        removedRedisSessions: 0,
        durationMs: expect.any(Number) as number,
      });
      expect(await countSessions(app.database, user.id)).toBe(2);
      const again = await latchkey('clean-up');
      expect([again.exitCode, again.stdout.split('\n')[0]]).toEqual([
        0,
        'Session records deleted: 0.',
      ]);
    });

    it('waits for a running clean-up', async () => {
      const holder = app.database.sql.createQueryRunner();
      await holder.query(`SELECT pg_advisory_lock(7240052, hashtext('clean-up'))`);
      let waiting!: Promise<CliAnswer>;
      await new Promise<void>((resolve, reject) => {
        waiting = runCli(['clean-up'], settings, { onStderr: () => resolve() });
        waiting.then(() => resolve(), reject);
      });
      await holder.query('SELECT pg_advisory_unlock_all()');
      await holder.release();
      const { exitCode, stderr } = await waiting;
      expect([exitCode, stderr]).toEqual([
        0,
        expect.stringMatching(/^(Another clean-up is in progress; .*\n)+$/),
      ]);
    });
  });

  describe('redis-check', () => {
    it('prints the latency of Redis', async () => {
      expect(await json('redis-check')).toMatchObject({ latencyMs: expect.any(Number) as number });
      expect((await latchkey('redis-check')).stdout).toMatch(/^Redis answered in [\d.]+ ms\.\n$/);
    });
  });

  describe('stats', () => {
    it('counts as the health document does', async () => {
      await app.register();
      const health = await app.http.get<{ sessionStats: Record<string, number> }>(
        '/api/auth/health',
      );
      const { sessionStats } = health.body;
      expect(await json('stats')).toEqual(sessionStats);
      const { stdout } = await latchkey('stats');
      expect(stdout.split('\n').slice(0, 2)).toEqual([
        'STATISTIC           COUNT',
        `active sessions     ${sessionStats.activeSessions}`,
      ]);
    });
  });

  describe('keys', () => {
    let env: Record<string, string>;

    beforeEach(() => {
      const directory = join(mkdtempSync(join(sharedStores().folder, 'keys-')), 'ring');
      env = { JWT_KEYS_DIR: directory, JWT_EXPIRES_IN: '15m' };
    });

    const keys = (...args: string[]) => runCommand(['keys', ...args], env);

    async function add(): Promise<{ kid: string; state: string; activatableAt: string | null }> {
      const { exitCode, stdout, stderr } = await keys('add', '--json');
      expect([exitCode, stderr]).toEqual([0, '']);
      return JSON.parse(stdout) as Awaited<ReturnType<typeof add>>;
    }

    it('are published, activated and retired, without a store', async () => {
      const first = await add();
      expect(first).toEqual({ kid: first.kid, state: 'signing', activatableAt: null });
      const second = await add();
      expect(second.state).toBe('published');
      const published = await keys('list');
      expect(published.stdout).toContain(`activate after ${second.activatableAt}`);

      const early = await keys('activate', second.kid);
      expect(early.exitCode).toBe(1);
      expectOneSentence(early);
      expect(early.stderr).toContain(`activate it after ${second.activatableAt}, or use --now`);

      const activated = await keys('activate', second.kid, '--now');
      expect([activated.exitCode, activated.stdout]).toEqual([
        0,
        `The key ${second.kid} is active and signs from now on.\n`,
      ]);
      const list = await keys('list');
      expect(list.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
        ['KEY', 'STATE'],
        [second.kid, 'signing'],
        [first.kid, 'retiring'],
        [''],
      ]);

      const listed = await keys('list', '--json');
      const instant = expect.stringMatching(/^\d{4}-.*Z$/) as string;
      const times = { publishedAt: instant, since: instant, activatableAt: null };
      const { keys: states } = JSON.parse(listed.stdout) as {
        keys: { since: string; retirableAt: string | null }[];
      };
      expect(states).toEqual([
        { kid: second.kid, state: 'signing', ...times, retirableAt: null },
        { kid: first.kid, state: 'retiring', ...times, retirableAt: instant },
      ]);
      const { since, retirableAt } = states[1]!;
      expect(Math.abs(Date.parse(retirableAt!) - Date.parse(since) - 25 * 60_000)).toBeLessThan(
        1001,
      );
      expect(list.stdout).toContain(`retire after ${retirableAt}`);

      for (const [kid, reason] of [
        [second.kid, 'This key is active: activate another one first.'],
        [first.kid, `retire it after ${retirableAt}, or use --now`],
      ] as const) {
        const refused = await keys('retire', kid);
        expect(refused.exitCode).toBe(1);
        expectOneSentence(refused);
        expect(refused.stderr).toContain(reason);
      }
      expect((await keys('retire', first.kid, '--now')).exitCode).toBe(0);
      const { stdout } = await keys('list', '--json');
      expect(JSON.parse(stdout)).toEqual({
        keys: [{ kid: second.kid, state: 'signing', ...times, retirableAt: null }],
      });
      const unknown = await keys('retire', first.kid);
      expect(unknown.exitCode).toBe(3);
      expectOneSentence(unknown);
    });

    it.each([['add'], ['list'], ['activate', 'x'], ['retire', 'x']])(
      'need a directory: %s',
      async (...args) => {
        env = {};
        const answer = await keys(...args);
        expect(answer.exitCode).toBe(1);
        expectOneSentence(answer);
        expect(answer.stderr).toContain('JWT_KEYS_DIR');
      },
    );
  });
});
