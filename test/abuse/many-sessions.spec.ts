import { setTimeout as pause } from 'node:timers/promises';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { Database } from '../../libs/database';
import { StatisticsService } from '../../libs/statistics';
import { RevokedSessionCleaner } from '../../libs/session/revoke/revoked-session-cleaner';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { CommandCounter } from '../support/command-counter';
import { inTurns } from '../support/in-turns';
import { lasting } from '../support/long-tests';
import { countSessions, insertSessions } from '../support/session-rows';
import { Sessions } from '../support/sessions';
import { until } from '../support/until';

const DAY_MS = 86_400_000;
/** Many times the limit: from before there was one, or before it was lowered. */
const MANY = lasting(1_500, 5_000);
/** Sessions that one script, and one statement, takes at most: HSCAN may return a few more than its COUNT. */
const STEP = 250;
const MOST_IN_A_STEP = 1.5 * STEP;

describe('a user with many sessions', () => {
  let app: TestApp;
  let sessions: Sessions;
  let cleaner: RevokedSessionCleaner;
  let counter: CommandCounter;

  beforeAll(async () => {
    app = await startTestApp();
    sessions = new Sessions(app.nest);
    cleaner = app.nest.get(RevokedSessionCleaner);
    counter = await CommandCounter.start(app.redis.url);
  });

  afterAll(async () => {
    counter.stop();
    await app.close();
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Another user, with sessions beside the first, in both stores. */
  async function withSessions(count: number): Promise<AuthResultDto & { ids: string[] }> {
    const owner = await app.register();
    const ids = await insertSessions(app.database, owner.user.id, count, Date.now() + DAY_MS);
    await inTurns(count, 100, (index) => sessions.verify(owner.user.id, ids[index]!));
    return { ...owner, ids };
  }

  async function unmarked(userId: string): Promise<number> {
    const [row] = await app.database.sql.query<[{ count: number }]>(
      `SELECT count(*)::int AS count FROM sessions WHERE user_id = $1 AND revoked_at IS NULL`,
      [userId],
    );
    return row.count;
  }

  const activeSessions = async () => (await app.nest.get(StatisticsService).read()).activeSessions;

  it('has no more than the limit, which is 100', async () => {
    const email = 'a-hundred@example.com';
    const { user } = await app.register(email);
    await insertSessions(app.database, user.id, 97, Date.now() + DAY_MS);
    const signIns = await inTurns(8, 8, () => app.login(email));
    const { userId, id } = await sessions
      .verify(signIns.at(-1)!.user.id, signIns.at(-1)!.session.id)
      .then(({ session }) => session);
    expect(await sessions.list(userId, 200)).toHaveLength(100);
    expect(id).toBe(signIns.at(-1)!.session.id);
  });

  it('makes room in bounded steps after the limit was lowered', async () => {
    const before = await activeSessions();
    const { user } = await withSessions(2 * STEP);
    const { accessToken: token } = await app.login(user.email);
    expect(await unmarked(user.id)).toBe(2 * STEP + 2 - STEP);
    await app.login(user.email);
    expect(await unmarked(user.id)).toBe(100);
    expect(await activeSessions()).toBe(before + 100);
    expect((await app.http.get('/api/auth/profile', { token })).status).toBe(200);
  });

  describe('loses them all', () => {
    const CALLS: Record<string, (owner: AuthResultDto) => Promise<number>> = {
      'by logging out everywhere': async ({ accessToken: token }) => {
        const answer = await app.http.post('/api/auth/logout-all', { token });
        expect(answer.body).toEqual({ revokedSessions: MANY + 1 });
        return answer.status;
      },
      'by a change of the password': async ({ accessToken: token }) => {
        const json = { currentPassword: PASSWORD, newPassword: 'another battery staple' };
        return (await app.http.put('/api/auth/profile/password', { token, json })).status;
      },
      'by being disabled': async ({ user }) => {
        const { email } = (await app.register()).user;
        await app.database.sql.query(`UPDATE users SET role = 'admin' WHERE email = $1`, [email]);
        const { accessToken: token } = await app.login(email);
        const json = { disabled: true };
        return (await app.http.call('PATCH', `/api/admin/users/${user.id}`, { token, json }))
          .status;
      },
    };

    it.each(Object.entries(CALLS))('%s, in steps of bounded size', async (_how, call) => {
      const before = await activeSessions();
      const owner = await withSessions(MANY);
      expect(await activeSessions()).toBe(before + MANY + 1);
      let status = 0;
      const commands = await counter.during(async () => {
        status = await call(owner);
      });
      expect([200, 204]).toContain(status);
      commands.push(...(await counter.during(() => cleaner.ended())));
      // Fewer scripts would have done more each.
      expect(commands.length).toBeGreaterThan(MANY / MOST_IN_A_STEP);
      const { id: userId } = owner.user;
      await expect(sessions.verify(userId, owner.ids.at(-1)!)).rejects.toThrow('revoked');
      expect(await sessions.list(userId, 1)).toEqual([]);
      expect(await unmarked(userId)).toBe(0);
      expect(await app.redis.client.hlen(`session:{${userId}}`)).toBe(1);
      expect(await app.redis.client.zcard(`user:tokens:{${userId}}`)).toBe(0);
    });

    it('in the record alone, with Redis away, by its generation', async () => {
      const owner = await withSessions(2 * STEP);
      // The job that revokes the rows after the first step does not run.
      const { id: userId } = owner.user;
      const cleanUp = jest.spyOn(cleaner, 'cleanUp').mockReturnValue(undefined);
      expect(await sessions.revokeAll(userId)).toBe(2 * STEP + 1);
      expect(await unmarked(userId)).toBe(STEP + 1);
      await app.redis.client.flushall();
      const answers = await Promise.all(
        owner.ids.map((id) =>
          sessions.verify(userId, id).catch((error: unknown) => (error as Error).message),
        ),
      );
      expect(new Set(answers)).toEqual(new Set(['The session has been revoked. Sign in again.']));
      await expect(sessions.revokeById(userId, owner.ids.at(-1)!)).rejects.toThrow();
      expect(await sessions.list(userId, 1)).toEqual([]);
      const { refreshToken } = owner;
      const refreshed = await app.http.post('/api/auth/refresh', { json: { refreshToken } });
      expect([refreshed.status, refreshed.body.code]).toEqual([401, 'token_revoked']);
      cleanUp.mockRestore();
      expect(await sessions.revokeAll(userId)).toBe(0);
    });

    it('with the account, and their records', async () => {
      const { accessToken: token, user } = await withSessions(MANY);
      const json = { currentPassword: PASSWORD };
      const answer = await app.http.call('DELETE', '/api/auth/profile', { token, json });
      expect(answer.status).toBe(204);
      expect(await countSessions(app.database, user.id)).toBe(0);
    });
  });

  it('does not count in the revocation of everyone once its sessions are revoked', async () => {
    await sessions.revokeEveryone();
    const [{ user }] = [await withSessions(1), await app.register()];
    await app.database.sql.query(
      'UPDATE subjects SET generation = generation + 1 WHERE user_id = $1',
      [user.id],
    );
    expect(await sessions.revokeEveryone()).toBe(1);
  });

  it('whose row is locked does not stop the revocation of all others', async () => {
    const [stuck, ...others] = await Promise.all([1, 2, 3].map(() => app.register()));
    const runner = app.database.sql.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT FROM subjects WHERE user_id = $1 FOR UPDATE', [stuck!.user.id]);
    const revoked = sessions.revokeEveryone();
    try {
      await until(
        'the log names a user whose sessions are not revoked',
        () => app.log,
        (lines) =>
          lines.some((line) => line.includes('the sessions of a user could not be revoked yet')),
      );
      for (const { user } of others) {
        await until(
          'the sessions of the other users are revoked',
          async () => (await sessions.list(user.id, 1)).length,
          0,
        );
      }
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    expect(await revoked).toBe(3);
    await expect(sessions.verify(stuck!.user.id, stuck!.session.id)).rejects.toThrow('revoked');
  });

  it('whose revocation fails twice is reported after all others are revoked', async () => {
    const [stuck, other] = await Promise.all([app.register(), app.register()]);
    const database = app.nest.get(Database);
    const failure = new Error('of the test');
    const { transaction } = database;
    jest.spyOn(database, 'transaction').mockImplementation(async (work) => {
      const result = await transaction.call(database, work);
      if ((result as { userId?: string }).userId === stuck.user.id) {
        await pause(0);
        throw failure;
      }
      return result;
    });
    await expect(sessions.revokeEveryone()).rejects.toBe(failure);
    await expect(sessions.verify(other.user.id, other.session.id)).rejects.toThrow('revoked');
  });
});
