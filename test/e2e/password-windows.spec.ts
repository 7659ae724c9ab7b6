import { AdminService } from '../../libs/auth';
import { PasswordHasher } from '../../libs/auth/passwords/password-hasher';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';

const PROFILE = '/api/auth/profile';
const NEXT_PASSWORD = 'another long password';

/** Changes of an account after a request has checked its password and before it uses the result. */
describe('between the check of a password and its use', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(async () => {
    await app.close();
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Delays the answer of the next check, once it is made, until `change` has completed. */
  function afterNextCheck(change: () => Promise<unknown>): void {
    const hasher = app.nest.get(PasswordHasher);
    const verify = hasher.verify.bind(hasher);
    jest.spyOn(hasher, 'verify').mockImplementationOnce(async (hash, password) => {
      const matches = await verify(hash, password);
      await change();
      return matches;
    });
  }

  async function changePassword(token: string): Promise<void> {
    const { status } = await requestChange(token, NEXT_PASSWORD);
    expect(status).toBe(204);
  }

  function requestChange(token: string, newPassword: string) {
    const json = { currentPassword: PASSWORD, newPassword };
    return app.http.put<{ code: string }>(`${PROFILE}/password`, { token, json });
  }

  function requestDeletion(token: string) {
    const json = { currentPassword: PASSWORD };
    return app.http.call<{ code: string }>('DELETE', PROFILE, { token, json });
  }

  function requestLogin(email: string) {
    return app.http.post<{ code: string }>('/api/auth/login', {
      json: { email, password: PASSWORD },
    });
  }

  function disable(userId: string) {
    return app.nest.get(AdminService).changeAccount(userId, { disabled: true });
  }

  /** Like a change of the table by hand, which ends no session. */
  async function resetPassword(userId: string): Promise<void> {
    const hash = await app.nest.get(PasswordHasher).hash(NEXT_PASSWORD);
    await app.database.sql.query('UPDATE users SET password_hash = $2 WHERE id = $1', [
      userId,
      hash,
    ]);
  }

  async function liveSessions(userId: string): Promise<number> {
    const [row] = await app.database.sql.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM sessions WHERE user_id = $1 AND revoked_at IS NULL',
      [userId],
    );
    return row!.count;
  }

  async function storedAccount(userId: string) {
    const rows = await app.database.sql.query<{ hash: string; disabled: boolean }[]>(
      `SELECT password_hash AS hash, disabled_at IS NOT NULL AS disabled
         FROM users WHERE id = $1`,
      [userId],
    );
    return rows[0];
  }

  describe('a login', () => {
    it('is refused when the password changes', async () => {
      const { user, accessToken } = await app.register();
      afterNextCheck(() => changePassword(accessToken));
      const refused = await requestLogin(user.email);
      expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
      expect(await liveSessions(user.id)).toBe(0);
      expect((await app.login(user.email, NEXT_PASSWORD)).user.id).toBe(user.id);
    });

    it('is refused when the account is disabled', async () => {
      const { user } = await app.register();
      afterNextCheck(() => disable(user.id));
      const refused = await requestLogin(user.email);
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
      expect(await liveSessions(user.id)).toBe(0);
    });

    it('is refused when the account is deleted', async () => {
      const { user, accessToken } = await app.register();
      afterNextCheck(() => requestDeletion(accessToken));
      const refused = await requestLogin(user.email);
      expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
      expect(await liveSessions(user.id)).toBe(0);
    });

    it('opens a session that is newer than a logout-all, and of the new role', async () => {
      const { user, accessToken } = await app.register();
      afterNextCheck(async () => {
        await app.http.post('/api/auth/logout-all', { token: accessToken });
        await app.nest.get(AdminService).changeAccount(user.id, { role: 'admin' });
      });
      const next = await app.login(user.email);
      expect(next.user.role).toBe('admin');
      expect((await app.http.get(PROFILE, { token: next.accessToken })).status).toBe(200);
      expect(await liveSessions(user.id)).toBe(1);
    });
  });

  describe.each([
    ['the deletion of an account', (token: string) => requestDeletion(token)],
    ['a change of password', (token: string) => requestChange(token, 'a third long password')],
  ])('%s', (_, request) => {
    it.each<[string, (user: { id: string }, token: string) => Promise<unknown>]>([
      ['the user changes the password', (_user, token) => changePassword(token)],
      ['the password is reset', ({ id }) => resetPassword(id)],
    ])('is refused when %s', async (_change, change) => {
      const { user, accessToken: token } = await app.register();
      afterNextCheck(() => change(user, token));
      const refused = await request(token);
      expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
      expect((await app.login(user.email, NEXT_PASSWORD)).user.id).toBe(user.id);
    });

    it('is refused when the account is disabled', async () => {
      const { user, accessToken: token } = await app.register();
      const before = await storedAccount(user.id);
      afterNextCheck(() => disable(user.id));
      const refused = await request(token);
      expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
      expect(await storedAccount(user.id)).toEqual({ ...before, disabled: true });
    });
  });
});
