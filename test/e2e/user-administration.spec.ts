import type { AdminUserDto } from '../../apps/api/admin/admin.dto';
import type { UserListDto } from '../../apps/api/admin/user.dto';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AdminService } from '../../libs/auth';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { avatarForm } from '../support/avatars';
import { monochromePng } from '../support/pictures';

const HOUR_MS = 3_600_000;

describe('administration of accounts', () => {
  let app: TestApp;
  let token: string;
  let administrator: AuthResultDto['user'];

  beforeAll(async () => {
    app = await startTestApp();
  });

  /** One administrator, and no other. */
  beforeEach(async () => {
    await app.database.sql.query(`UPDATE users SET role = 'user'`);
    ({ accessToken: token, user: administrator } = await newAdmin());
  });

  afterAll(() => app.close());

  async function newAdmin(): Promise<AuthResultDto> {
    const { user } = await app.register();
    await app.nest.get(AdminService).changeAccount(user.id, { role: 'admin' });
    return app.login(user.email);
  }

  const path = (id: string) => `/api/admin/users/${id}`;
  const read = (id: string) => app.http.get<AdminUserDto>(path(id), { token });
  const patch = (id: string, json: object, by = token) =>
    app.http.call('PATCH', path(id), { token: by, json });
  const login = (email: string) =>
    app.http.post('/api/auth/login', { json: { email, password: PASSWORD } });

  async function named(names: Record<string, string | null>): Promise<void> {
    for (const [email, displayName] of Object.entries(names)) {
      const json = { email, password: PASSWORD, displayName };
      expect((await app.http.post('/api/auth/register', { json })).status).toBe(201);
    }
  }

  /** The addresses of all pages, each of this size. */
  async function addresses(query: string, limit = 2): Promise<string[]> {
    const all: string[] = [];
    let cursor = '';
    do {
      const { status, body } = await app.http.get<UserListDto>(
        `/api/admin/users?${query}&limit=${limit}${cursor}`,
        { token },
      );
      expect(status).toBe(200);
      expect(body.users.length).toBeLessThanOrEqual(limit);
      all.push(...body.users.map(({ email }) => email));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    return all;
  }

  it('reads an account with its state, its sessions and its last sign-in', async () => {
    const { user } = await app.register();
    app.clock.advance(HOUR_MS);
    const second = await app.login(user.email);
    expect(await read(user.id)).toMatchObject({
      status: 200,
      body: { ...user, disabledAt: null, activeSessions: 2 },
    });
    const { lastSignInAt } = (await read(user.id)).body;
    const signedInMs = Date.parse(second.session.createdAt) - Date.parse(lastSignInAt!);
    expect(Math.abs(signedInMs)).toBeLessThan(HOUR_MS / 2);
    expect(JSON.stringify((await read(user.id)).body)).not.toMatch(/argon2|hash/i);
  });

  it('disables an account until an instant, at which the disabling ends by itself', async () => {
    const { user, accessToken } = await app.register();
    const disabledUntil = new Date(app.clock.nowMs() + HOUR_MS).toISOString();
    const change = { disabled: true, disabledUntil, disabledReason: 'under review' };
    const changed = await patch(user.id, change);
    expect(changed.body).toMatchObject({ disabledUntil, disabledReason: 'under review' });
    const verify = await app.http.get('/api/auth/verify', { token: accessToken });
    expect(verify.body.code).toBe('token_revoked');
    expect((await login(user.email)).body.code).toBe('forbidden');
    expect(await addresses('disabled=true')).toContain(user.email);

    app.clock.stopAt(Date.parse(disabledUntil) - 1);
    expect((await login(user.email)).body.code).toBe('forbidden');
    app.clock.stopAt(Date.parse(disabledUntil));
    expect((await login(user.email)).status).toBe(200);
    expect((await read(user.id)).body).toMatchObject({
      disabledAt: null,
      disabledUntil: null,
      disabledReason: null,
      activeSessions: 1,
    });
    expect(await addresses('disabled=true')).not.toContain(user.email);
    const next = { currentPassword: PASSWORD, newPassword: 'another good long one' };
    const { body } = await login(user.email);
    const answer = await app.http.put('/api/auth/profile/password', {
      token: body.accessToken as string,
      json: next,
    });
    expect(answer.status).toBe(204);
  });

  it('replaces a disabling with its end and reason, and keeps its begin', async () => {
    const { user } = await app.register();
    const disabledUntil = new Date(app.clock.nowMs() + HOUR_MS).toISOString();
    const change = { disabled: true, disabledUntil, disabledReason: 'short' };
    const { disabledAt } = (await patch(user.id, change)).body;
    const again = await patch(user.id, { disabled: true });
    expect(again.body).toMatchObject({ disabledAt, disabledUntil: null, disabledReason: null });
  });

  it('deletes an account with its sessions, records and avatar', async () => {
    const { user, accessToken, refreshToken } = await app.register();
    const form = avatarForm(monochromePng(8, 8));
    const { body } = await app.http.post('/api/auth/profile/avatar', { token: accessToken, form });
    expect((await app.http.delete(path(user.id), { token })).status).toBe(204);
    for (const answer of [
      await app.http.get('/api/auth/verify', { token: accessToken }),
      await app.http.post('/api/auth/refresh', { json: { refreshToken } }),
      await login(user.email),
    ]) {
      expect(answer.status).toBe(401);
    }
    expect((await app.http.get(body.avatarUrl as string)).status).toBe(404);
    expect((await read(user.id)).status).toBe(404);
    expect((await app.http.delete(path(user.id), { token })).status).toBe(404);
  });

  it('keeps the last administrator: no demotion, disabling or deletion', async () => {
    const own = administrator.id;
    const json = { currentPassword: PASSWORD };
    const attempts = () =>
      Promise.all([
        patch(own, { role: 'user' }),
        patch(own, { disabled: true }),
        app.http.delete(path(own), { token }),
        app.http.call('DELETE', '/api/auth/profile', { token, json }),
      ]);
    const expected = Array(4).fill([409, 'last_administrator']);
    expect((await attempts()).map(({ status, body }) => [status, body.code])).toEqual(expected);

    // An administrator who cannot sign in does not count.
    const other = await newAdmin();
    await patch(other.user.id, { disabled: true });
    expect((await attempts()).map(({ status, body }) => [status, body.code])).toEqual(expected);
    expect((await read(own)).body).toMatchObject({ role: 'admin', disabledAt: null });

    await patch(other.user.id, { disabled: false });
    expect((await patch(own, { role: 'user' })).status).toBe(200);
  });

  it('keeps one of several administrators who remove each other at once', async () => {
    for (let round = 0; round < 5; round++) {
      await app.database.sql.query(`UPDATE users SET role = 'user'`);
      const ids: string[] = [];
      for (let count = 0; count < 4; count++) {
        ids.push((await newAdmin()).user.id);
      }
      const admin = app.nest.get(AdminService);
      const removals = ids.map((id, index) =>
        admin.changeAccount(id, index % 2 === 0 ? { role: 'user' } : { disabled: true }),
      );
      const outcomes = await Promise.allSettled(removals);
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
      const rows = await app.database.sql.query<object[]>(
        `SELECT id FROM users WHERE role = 'admin' AND disabled_at IS NULL`,
      );
      expect(rows).toHaveLength(1);
    }
  });

  it('lists accounts in pages, the newest first, each once', async () => {
    await named({ 'page-1@example.com': null, 'page-2@example.com': null });
    const all = await app.http.get<UserListDto>('/api/admin/users?limit=200', { token });
    const emails = all.body.users.map(({ email }) => email);
    expect(emails).toEqual(expect.arrayContaining(['page-1@example.com', 'page-2@example.com']));
    const times = all.body.users.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
    for (const limit of [1, 2, 3]) {
      expect(await addresses('', limit)).toEqual(emails);
    }
    expect(await addresses('role=admin')).toEqual([administrator.email]);
    expect(await addresses('role=user', 200)).not.toContain(administrator.email);
    expect(await addresses('disabled=false&role=admin')).toEqual([administrator.email]);
  });

  it('finds accounts by address, and by what address or name begin with, in any case', async () => {
    await named({
      'zeta.one@example.com': 'Zeta One',
      'zeta.two@example.com': null,
      'other@example.com': 'Zetabeta',
      'zeta%@example.com': '100%_sure',
      'zz@example.com': 'zeta zz',
      'not@example.com': 'A Zeta',
    });
    const found = await addresses('q=zEtA', 200);
    expect([...found].sort()).toEqual([
      'other@example.com',
      'zeta%@example.com',
      'zeta.one@example.com',
      'zeta.two@example.com',
      'zz@example.com',
    ]);
    for (const limit of [1, 2, 3]) {
      expect(await addresses('q=zeta', limit)).toEqual(found);
    }
    expect(await addresses('q=zeta%25')).toEqual(['zeta%@example.com']);
    expect(await addresses('q=100%25_')).toEqual(['zeta%@example.com']);
    expect(await addresses('q=zeta&role=admin')).toEqual([]);
    expect(await addresses('email=ZZ@example.com')).toEqual(['zz@example.com']);
    expect(await addresses('email=zz@example.co')).toEqual([]);
  });

  it.each([
    'email=zz@example.com&q=zz',
    'email=zz',
    'q=',
    'role=root',
    'disabled=yes',
    'limit=0',
    'cursor=AAAA',
    `cursor=${Buffer.from('00000000-0000-4000-8000-000000000000.text').toString('base64url')}`,
  ])('refuses the query %s', async (query) => {
    expect((await app.http.get(`/api/admin/users?${query}`, { token })).status).toBe(400);
  });
});
