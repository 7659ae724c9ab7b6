import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { someOf } from '../support/long-tests';
import { startPgBouncer, type TestPgBouncer } from '../support/pgbouncer';

const PROFILE = '/api/auth/profile';

const POOLERS = [
  ['behind PgBouncer that pools sessions', 'session'],
  ['behind PgBouncer that pools transactions', 'transaction'],
] as const;

describe.each([['on Postgres itself', undefined], ...someOf(POOLERS, 1)] as const)(
  'the main job, %s,',
  (_way, mode) => {
    let app: TestApp;
    let pooler: TestPgBouncer | undefined;

    beforeAll(async () => {
      pooler = mode && (await startPgBouncer(mode));
      app = await startTestApp({
        realHashes: true,
        ...(pooler && { postgresPort: pooler.port }),
      });
    }, 10 * 60_000);

    afterAll(async () => {
      await app.close();
      await pooler?.stop();
    });

    function readProfile(token: string) {
      return app.http.get(PROFILE, { token });
    }

    it('registers, authenticates, logs out, and refuses', async () => {
      const email = newEmail();
      const registered = await app.http.post('/api/auth/register', {
        json: { email: `  ${email.toUpperCase()} `, password: PASSWORD, displayName: 'Ada' },
      });
      expect(registered.status).toBe(201);
      expect(registered.body).toEqual({
        accessToken: expect.any(String) as string,
        tokenType: 'Bearer',
        expiresIn: 86_400,
        refreshToken: expect.any(String) as string,
        refreshExpiresIn: 86_400,
        session: {
          id: expect.any(String) as string,
          createdAt: expect.any(String) as string,
          expiresAt: expect.any(String) as string,
        },
        user: {
          id: expect.any(String) as string,
          email,
          displayName: 'Ada',
          bio: null,
          avatarUrl: null,
          role: 'user',
          createdAt: expect.any(String) as string,
          updatedAt: expect.any(String) as string,
        },
      });

      const { accessToken } = await app.login(email);
      const profile = await readProfile(accessToken);
      expect(profile.status).toBe(200);
      expect(profile.body).toEqual(registered.body.user);

      const logout = await app.http.post('/api/auth/logout', { token: accessToken });
      expect(logout.status).toBe(204);
      expect(logout.body).toBeUndefined();

      const refused = await readProfile(accessToken);
      expect(refused.status).toBe(401);
      expect(refused.body.code).toBe('token_revoked');
      expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
      expect((await readProfile(registered.body.accessToken as string)).status).toBe(200);
    });

    it('caches the profile, and shows a change on every device at once', async () => {
      const { accessToken, user } = await app.register();
      const other = await app.login(user.email);

      expect((await readProfile(accessToken)).headers.get('x-cache')).toBe('MISS');
      expect((await readProfile(accessToken)).headers.get('x-cache')).toBe('HIT');

      const changed = await app.http.put(PROFILE, {
        token: accessToken,
        json: { displayName: ' Ada Lovelace ', bio: 'Analyst\nof engines' },
      });
      expect(changed.status).toBe(200);
      expect(changed.body).toMatchObject({
        displayName: 'Ada Lovelace',
        bio: 'Analyst\nof engines',
      });

      const elsewhere = await readProfile(other.accessToken);
      expect(elsewhere.body).toEqual(changed.body);
      expect(elsewhere.headers.get('x-cache')).toBe('MISS');
      expect((await readProfile(accessToken)).headers.get('x-cache')).toBe('HIT');

      const emptied = await app.http.put(PROFILE, { token: accessToken, json: { bio: null } });
      expect(emptied.body).toMatchObject({ displayName: 'Ada Lovelace', bio: null });
    });

    it('signs every device out at once and returns their number', async () => {
      const first = await app.register();
      const second = await app.login(first.user.email);
      const answer = await app.http.post('/api/auth/logout-all', { token: second.accessToken });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ revokedSessions: 2 });
      for (const { accessToken } of [first, second]) {
        expect((await readProfile(accessToken)).body.code).toBe('token_revoked');
      }
      expect((await readProfile((await app.login(first.user.email)).accessToken)).status).toBe(200);
    });

    it('ends every session, this one too, when the password changes', async () => {
      const first = await app.register();
      const second = await app.login(first.user.email);
      const json = { currentPassword: PASSWORD, newPassword: 'another long password' };
      const changed = await app.http.put(`${PROFILE}/password`, {
        token: second.accessToken,
        json,
      });
      expect(changed.status).toBe(204);
      for (const { accessToken } of [first, second]) {
        expect((await readProfile(accessToken)).status).toBe(401);
      }
      const { email } = first.user;
      const old = await app.http.post('/api/auth/login', { json: { email, password: PASSWORD } });
      expect([old.status, old.body.code]).toEqual([401, 'invalid_credentials']);
      expect((await app.login(email, json.newPassword)).user.email).toBe(email);
    });

    it('changes nothing when the current password is wrong', async () => {
      const { accessToken, user } = await app.register();
      const json = { currentPassword: 'not the password', newPassword: 'another long password' };
      const refused = await app.http.put(`${PROFILE}/password`, { token: accessToken, json });
      expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
      expect((await readProfile(accessToken)).status).toBe(200);
      expect((await app.login(user.email)).user.id).toBe(user.id);
    });

    it('refuses a second account for an address, in any letter case', async () => {
      const { user } = await app.register();
      const json = { email: user.email.toUpperCase(), password: PASSWORD };
      const refused = await app.http.post('/api/auth/register', { json });
      expect([refused.status, refused.body.code]).toEqual([409, 'email_taken']);
    });

    it('answers an unknown account like a wrong password', async () => {
      const { user } = await app.register();
      const attempts = [
        { email: user.email, password: 'not the password' },
        { email: newEmail(), password: PASSWORD },
      ];
      const [wrong, unknown] = await Promise.all(
        attempts.map((json) => app.http.post('/api/auth/login', { json })),
      );
      expect(wrong!.status).toBe(401);
      expect({ ...wrong!.body, requestId: '' }).toEqual({ ...unknown!.body, requestId: '' });
    });

    it('records the origin of a session and the reason of its end', async () => {
      const { user } = await app.register();
      const json = { email: user.email, password: PASSWORD };
      const headers = { 'user-agent': 'Test Browser/1.0' };
      const { body } = await app.http.post<{ accessToken: string; session: { id: string } }>(
        '/api/auth/login',
        { json, headers },
      );
      await app.http.post('/api/auth/logout', { token: body.accessToken });
      const rows = await app.database.sql.query<unknown[]>('SELECT * FROM sessions WHERE id = $1', [
        body.session.id,
      ]);
      expect(rows[0]).toMatchObject({
        user_id: user.id,
        generation: 1,
        ip: '127.0.0.1',
        user_agent: 'Test Browser/1.0',
        revoked_reason: 'logout',
        revoked_at: expect.any(Date) as Date,
      });
    });

    it('refuses an expired session and an expired token by the clock alone', async () => {
      const { accessToken } = await app.register();
      app.clock.advance(24 * 3600 * 1000 + 1000);
      const refused = await readProfile(accessToken);
      expect([refused.status, refused.body.code]).toEqual([401, 'token_expired']);
    });

    it('upgrades a hash made with weaker parameters at the next sign-in', async () => {
      const { user } = await app.register();
      const argon2 = await import('argon2');
      const weak = await argon2.hash(PASSWORD, { memoryCost: 1024, timeCost: 2, parallelism: 1 });
      const { sql } = app.database;
      await sql.query('UPDATE users SET password_hash = $1 WHERE id = $2', [weak, user.id]);
      await app.login(user.email);
      const rows = await sql.query<{ password_hash: string }[]>(
        'SELECT password_hash FROM users WHERE id = $1',
        [user.id],
      );
      expect(rows[0]!.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      expect((await app.login(user.email)).user.id).toBe(user.id);
    });
  },
);
