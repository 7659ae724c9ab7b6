import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import type { SessionListDto } from '../../apps/api/session/session.dto';
import { AdminService } from '../../libs/auth';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { sessionField } from '../support/stored-session';

describe('administration', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(async () => {
    await app.close();
  });

  async function newAdmin(): Promise<AuthResultDto> {
    const { user } = await app.register();
    await app.nest.get(AdminService).changeAccount(user.id, { role: 'admin' });
    return app.login(user.email);
  }

  async function verified(token: string): Promise<boolean> {
    return (await app.http.get('/api/auth/verify', { token })).status === 200;
  }

  it('lists and ends the sessions of any user', async () => {
    const { accessToken: token } = await newAdmin();
    const user = await app.register();
    const second = await app.login(user.user.email);
    const path = `/api/admin/users/${user.user.id}/sessions`;
    const list = await app.http.get<SessionListDto>(path, { token });
    expect(list.status).toBe(200);
    expect(list.body.sessions.map(({ id, current }) => [id, current])).toEqual([
      [second.session.id, false],
      [user.session.id, false],
    ]);
    const ended = await app.http.call('DELETE', path, { token });
    expect([ended.status, ended.body]).toEqual([200, { revokedSessions: 2 }]);
    expect(await verified(user.accessToken)).toBe(false);
    expect(await verified(token)).toBe(true);
  });

  it("ends everyone's sessions, the administrator's too", async () => {
    const admin = await newAdmin();
    const users = await Promise.all([1, 2, 3].map(() => app.register()));
    const [live] = await app.database.sql.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM sessions JOIN subjects USING (user_id, generation)
        WHERE revoked_at IS NULL`,
    );
    const answer = await app.http.call('DELETE', '/api/admin/sessions', {
      token: admin.accessToken,
    });
    expect([answer.status, answer.body]).toEqual([200, { revokedSessions: live!.count }]);
    for (const { accessToken } of [admin, ...users]) {
      expect(await verified(accessToken)).toBe(false);
    }
    expect((await app.login(users[0]!.user.email)).user.id).toBe(users[0]!.user.id);
  });

  it('disables an account: its sessions end and it may not sign in or refresh', async () => {
    const { accessToken: token } = await newAdmin();
    const user = await app.register();
    const path = `/api/admin/users/${user.user.id}`;
    const changed = await app.http.call('PATCH', path, { token, json: { disabled: true } });
    expect([changed.status, changed.body]).toEqual([
      200,
      {
        ...user.user,
        updatedAt: expect.any(String) as string,
        disabledAt: expect.any(String) as string,
        disabledUntil: null,
        disabledReason: null,
        lastSignInAt: user.user.createdAt,
        activeSessions: 0,
      },
    ]);
    expect(await verified(user.accessToken)).toBe(false);
    const json = { refreshToken: user.refreshToken };
    expect((await app.http.post('/api/auth/refresh', { json })).body.code).toBe('token_revoked');
    const { email } = user.user;
    const login = (password: string) =>
      app.http.post('/api/auth/login', { json: { email, password } });
    expect((await login(PASSWORD)).body.code).toBe('forbidden');
    expect((await login('a wrong password')).body.code).toBe('invalid_credentials');

    await app.http.call('PATCH', path, { token, json: { disabled: false } });
    expect((await login(PASSWORD)).status).toBe(200);
  });

  it('ends one session of a user, and no other', async () => {
    const { accessToken: token } = await newAdmin();
    const user = await app.register();
    const second = await app.login(user.user.email);
    const path = (id: string) => `/api/admin/users/${id}/sessions/${second.session.id}`;
    const { user: stranger } = await app.register();
    expect((await app.http.delete(path(stranger.id), { token })).status).toBe(404);
    expect((await app.http.delete(path(user.user.id), { token })).status).toBe(204);
    expect(await verified(second.accessToken)).toBe(false);
    expect(await verified(user.accessToken)).toBe(true);
    expect((await app.http.delete(path(user.user.id), { token })).status).toBe(404);
  });

  it('ends the sessions of the old role when it changes a role, and shows the new one at once', async () => {
    const { accessToken: token } = await newAdmin();
    const user = await app.register();
    await app.http.get('/api/auth/profile', { token: user.accessToken });
    const path = `/api/admin/users/${user.user.id}`;
    const changed = await app.http.call('PATCH', path, { token, json: { role: 'admin' } });
    expect(changed.body).toMatchObject({ id: user.user.id, role: 'admin', disabledAt: null });
    expect(await verified(user.accessToken)).toBe(false);
    const promoted = await app.login(user.user.email);
    const profile = await app.http.get('/api/auth/profile', { token: promoted.accessToken });
    expect(profile.body.role).toBe('admin');
    const demoted = await app.http.call('PATCH', path, { token, json: { role: 'user' } });
    expect(demoted.status).toBe(200);
    const refused = await app.http.get(`${path}/sessions`, { token: promoted.accessToken });
    expect(refused.status).toBe(401);
  });

  it('decides by the stored role of the session, not by the token', async () => {
    const { user, session, accessToken } = await app.register();
    const key = `session:{${user.id}}`;
    const field = sessionField(session.id);
    const entry = await app.redis.client.hget(key, field);
    await app.redis.client.hset(key, field, `${entry!}|admin`);
    const path = `/api/admin/users/${user.id}/sessions`;
    expect((await app.http.get(path, { token: accessToken })).status).toBe(200);
    await app.redis.client.hset(key, field, entry!);
    expect((await app.http.get(path, { token: accessToken })).status).toBe(403);
  });

  it.each([
    {},
    { role: 'root' },
    { disabled: 'yes' },
    { disabled: null },
    { role: null, x: 1 },
    { disabledUntil: '2999-01-01T00:00:00Z' },
    { disabled: false, disabledReason: 'no' },
    { disabled: true, disabledUntil: '2999-01-01' },
    { disabled: true, disabledUntil: '2999-02-30T00:00:00Z' },
    { disabled: true, disabledUntil: '2020-01-01T00:00:00Z' },
    { disabled: true, disabledReason: 'two\nlines' },
  ])('refuses the change %j', async (json) => {
    const { accessToken: token, user } = await newAdmin();
    const answer = await app.http.call('PATCH', `/api/admin/users/${user.id}`, { token, json });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
    expect(await verified(token)).toBe(true);
  });

  it('is closed to every other role, and reveals nothing', async () => {
    const admin = await newAdmin();
    const other = await app.register();
    const disabled = await app.register();
    await app.nest.get(AdminService).changeAccount(disabled.user.id, { disabled: true });
    const routes = [
      ['GET', `/api/admin/users/${admin.user.id}/sessions`],
      ['DELETE', `/api/admin/users/${admin.user.id}/sessions`],
      ['DELETE', '/api/admin/sessions'],
      ['DELETE', `/api/admin/users/${admin.user.id}/sessions/${admin.session.id}`],
      ['PATCH', `/api/admin/users/${admin.user.id}`],
      ['GET', `/api/admin/users/${admin.user.id}`],
      ['DELETE', `/api/admin/users/${admin.user.id}`],
      ['GET', '/api/admin/users'],
      ['POST', '/api/admin/users'],
      ['GET', '/api/admin/invitations'],
      ['POST', '/api/admin/invitations'],
      ['DELETE', `/api/admin/invitations/${admin.user.id}`],
    ] as const;
    for (const [method, path] of routes) {
      const json = method === 'PATCH' ? { role: 'user' } : undefined;
      const call = (token?: string) =>
        app.http.call(method, path, { ...(token && { token }), json });
      const anonymous = await call();
      expect([anonymous.status, anonymous.body.code]).toEqual([401, 'token_missing']);
      const user = await call(other.accessToken);
      expect([user.status, user.body.code]).toEqual([403, 'forbidden']);
      expect(JSON.stringify(user.body)).not.toContain(admin.session.id);
      const dead = await call(disabled.accessToken);
      expect([dead.status, dead.body.code]).toEqual([401, 'token_revoked']);
    }
    expect(await verified(admin.accessToken)).toBe(true);
  });

  it('answers 404 for an unknown id', async () => {
    const { accessToken: token } = await newAdmin();
    for (const id of ['3f2b8c1e-0000-4000-8000-000000000001', 'x']) {
      const path = `/api/admin/users/${id}`;
      const answers = [
        await app.http.get(`${path}/sessions`, { token }),
        await app.http.call('DELETE', `${path}/sessions`, { token }),
        await app.http.call('PATCH', path, { token, json: { disabled: true } }),
        await app.http.get(path, { token }),
        await app.http.delete(path, { token }),
        await app.http.delete(`${path}/sessions/${id}`, { token }),
        await app.http.delete(`/api/admin/invitations/${id}`, { token }),
      ];
      expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(404));
    }
  });
});

describe('deleting your account', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(async () => {
    await app.close();
  });

  it('requires the password, and leaves nothing behind', async () => {
    const first = await app.register();
    const second = await app.login(first.user.email);
    const remove = (currentPassword: string) =>
      app.http.call('DELETE', '/api/auth/profile', {
        token: first.accessToken,
        json: { currentPassword },
      });
    expect((await remove('a wrong password')).body.code).toBe('invalid_credentials');
    expect((await remove(PASSWORD)).status).toBe(204);
    for (const { accessToken: token, refreshToken } of [first, second]) {
      expect((await app.http.get('/api/auth/profile', { token })).status).toBe(401);
      const json = { refreshToken };
      expect((await app.http.post('/api/auth/refresh', { json })).status).toBe(401);
    }
    const json = { email: first.user.email, password: PASSWORD };
    expect((await app.http.post('/api/auth/login', { json })).status).toBe(401);
    const rows = await app.database.sql.query<{ count: string }[]>(
      `SELECT count(*) FROM (SELECT id FROM users WHERE id = $1
         UNION ALL SELECT id FROM sessions WHERE user_id = $1) AS rest`,
      [first.user.id],
    );
    expect(rows[0]!.count).toBe('0');
    expect((await app.register(first.user.email)).user.id).not.toBe(first.user.id);
  });
});
