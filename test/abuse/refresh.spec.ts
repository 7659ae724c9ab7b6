import { randomBytes, randomUUID } from 'node:crypto';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { Database } from '../../libs/database';
import { SessionCleanUp } from '../../libs/session';
import { startTestApp, type TestApp } from '../support/app';
import { inTurns } from '../support/in-turns';
import { lasting } from '../support/long-tests';

const HOUR_MS = 3_600_000;
const ATTEMPTS = 1_000;
const SENSELESS_ATTEMPTS = lasting(200, 1_000);
const AT_ONCE = 100;
/** More than one statement deletes. */
const USED_TOKENS = lasting(3_500, 30_000);

const invented = () => `${randomUUID()}.${randomBytes(32).toString('base64url')}`;

describe('refreshing', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  afterEach(() => {
    jest.restoreAllMocks();
  });

  const refresh = (refreshToken: string) =>
    app.http.post<AuthResultDto & { code: string }>('/api/auth/refresh', {
      json: { refreshToken },
    });

  /** The number of statements while tokens are presented, of single statements and of transactions. */
  async function asked(
    token: () => string,
    attempts: number,
  ): Promise<{ statements: number; transactions: number }> {
    const database = app.nest.get(Database);
    const run = jest.spyOn(database, 'run');
    const transaction = jest.spyOn(database, 'transaction');
    // Statements of the rest of the application are counted as well.
    const answers = await inTurns(attempts, AT_ONCE, () => refresh(token()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(new Set(answers.map(({ body }) => body.code))).toEqual(new Set(['token_invalid']));
    return { statements: run.mock.calls.length, transactions: transaction.mock.calls.length };
  }

  it('with invented tokens costs no transaction, and a share of a statement', async () => {
    const { statements, transactions } = await asked(invented, ATTEMPTS);
    expect(transactions).toBe(0);
    expect(statements).toBeGreaterThan(0);
    expect(statements).toBeLessThan(ATTEMPTS / 4);
  });

  it.each([' ', 'x', 'x'.repeat(80), `${randomUUID()}.short`, randomUUID()])(
    'with %j, which cannot be a token, sends no statement to Postgres',
    async (text) => {
      const { statements, transactions } = await asked(() => text, SENSELESS_ATTEMPTS);
      // Last seen, jobs and the like: far fewer than attempts.
      expect(statements + transactions).toBeLessThan(5);
    },
  );

  describe('leaves used tokens behind', () => {
    async function tokensOf({ session }: AuthResultDto): Promise<number> {
      const [row] = await app.database.sql.query<[{ count: number }]>(
        'SELECT count(*)::int AS count FROM refresh_tokens WHERE session_id = $1',
        [session.id],
      );
      return row.count;
    }

    it('that are deleted when the TTL of a session has passed, and not before', async () => {
      const first = await app.register();
      let latest = first;
      for (let time = 0; time < 3; time++) {
        app.clock.advance(10 * HOUR_MS);
        latest = (await refresh(latest.refreshToken)).body;
      }
      const sessions = app.nest.get(SessionCleanUp);
      expect(await tokensOf(first)).toBe(4);
      app.clock.advance(4 * HOUR_MS - 1000);
      expect((await sessions.deleteRecords()).deletedRefreshTokens).toBe(0);
      // The first was used 24 hours ago, the second 14.
      app.clock.advance(2000);
      expect((await sessions.deleteRecords()).deletedRefreshTokens).toBe(1);
      expect(await tokensOf(first)).toBe(3);
      expect((await refresh(latest.refreshToken)).status).toBe(200);
    });

    it('of which any number goes in one clean-up', async () => {
      const { session } = await app.register();
      await app.database.sql.query(
        `INSERT INTO refresh_tokens
           (id, session_id, secret_hash, issued_at, used_at, successor_id, successor_salt)
         SELECT gen_random_uuid(), $1, '\\x00', $2, $2, gen_random_uuid(), '\\x00'
           FROM generate_series(1, ${USED_TOKENS})`,
        [session.id, new Date(app.clock.nowMs() - 25 * HOUR_MS)],
      );
      const { deletedRefreshTokens } = await app.nest.get(SessionCleanUp).deleteRecords();
      expect(deletedRefreshTokens).toBeGreaterThanOrEqual(USED_TOKENS);
    });

    it('and one of them ends the session while its row exists', async () => {
      const { refreshToken, accessToken: token } = await app.register();
      const { body } = await refresh(refreshToken);
      app.clock.advance(23 * HOUR_MS);
      const again = await refresh(refreshToken);
      expect([again.status, again.body.code]).toEqual([401, 'token_revoked']);
      expect((await refresh(body.refreshToken)).body.code).toBe('token_revoked');
      expect((await app.http.get('/api/auth/profile', { token })).status).toBe(401);
    });
  });
});
