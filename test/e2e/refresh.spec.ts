import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { startTestApp, type TestApp } from '../support/app';

const HOUR_MS = 3_600_000;

describe('refresh', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({
      env: { SESSION_TTL: '24h', SESSION_MAX_LIFETIME: '3d', JWT_EXPIRES_IN: '1h' },
    });
  });

  afterAll(async () => {
    await app.close();
  });

  function refresh(refreshToken: unknown, userAgent = 'Phone/1.0') {
    return app.http.post<AuthResultDto & { code: string }>('/api/auth/refresh', {
      json: { refreshToken },
      headers: { 'user-agent': userAgent },
    });
  }

  async function verified(token: string): Promise<boolean> {
    return (await app.http.get('/api/auth/verify', { token })).status === 200;
  }

  it('returns new tokens for the same session and extends its life', async () => {
    const first = await app.register();
    app.clock.advance(HOUR_MS / 2);
    const { status, body } = await refresh(first.refreshToken);
    expect(status).toBe(200);
    expect(body.session.id).toBe(first.session.id);
    expect(body.user).toEqual(first.user);
    expect([body.expiresIn, body.refreshExpiresIn]).toEqual([3600, 86_400]);
    expect(body.accessToken).not.toBe(first.accessToken);
    expect(body.refreshToken).not.toBe(first.refreshToken);
    const gained = Date.parse(body.session.expiresAt) - Date.parse(first.session.expiresAt);
    expect(gained).toBeGreaterThanOrEqual(HOUR_MS / 2);
    expect(await verified(first.accessToken)).toBe(true);
    expect(await verified(body.accessToken)).toBe(true);
  });

  it('keeps a session alive for as long as it is used, up to its absolute lifetime', async () => {
    const first = await app.register();
    const end = Date.parse(first.session.createdAt) + 72 * HOUR_MS;
    let { refreshToken } = first;
    for (let hours = 20; hours <= 60; hours += 20) {
      app.clock.advance(20 * HOUR_MS);
      const { status, body } = await refresh(refreshToken);
      expect(status).toBe(200);
      expect(Date.parse(body.session.expiresAt)).toBeLessThanOrEqual(end);
      refreshToken = body.refreshToken;
    }
    app.clock.advance(12 * HOUR_MS + 1000);
    const refused = await refresh(refreshToken);
    expect([refused.status, refused.body.code]).toEqual([401, 'token_expired']);
  });

  it('raced by 20 callers makes exactly one new pair, and the session lives', async () => {
    const first = await app.register();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => refresh(first.refreshToken)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const pairs = answers.map(({ body }) => `${body.accessToken} ${body.refreshToken}`);
    expect(new Set(pairs).size).toBe(1);
    expect(await verified(first.accessToken)).toBe(true);
    expect(await verified(answers[0]!.body.accessToken)).toBe(true);
    expect((await refresh(answers[0]!.body.refreshToken)).status).toBe(200);
    const rows = await app.database.sql.query<{ count: string }[]>(
      'SELECT count(*) FROM refresh_tokens WHERE session_id = $1',
      [first.session.id],
    );
    expect(Number(rows[0]!.count)).toBe(3);
  });

  it('answers a client that lost the answer once more', async () => {
    const first = await app.register();
    const lost = await refresh(first.refreshToken);
    app.clock.advance(9_000);
    const repeated = await refresh(first.refreshToken);
    expect(repeated.status).toBe(200);
    expect(repeated.body.refreshToken).toBe(lost.body.refreshToken);
    expect(repeated.body.accessToken).toBe(lost.body.accessToken);
  });

  it.each([
    ['after the grace', 11_000, 'Phone/1.0'],
    ['by another client within the grace', 0, 'Thief/1.0'],
  ])('with a used token %s ends the session and all its tokens', async (_, waitMs, userAgent) => {
    const first = await app.register();
    const next = await refresh(first.refreshToken);
    app.clock.advance(waitMs);
    const stolen = await refresh(first.refreshToken, userAgent);
    expect([stolen.status, stolen.body.code]).toEqual([401, 'token_revoked']);
    expect(await verified(first.accessToken)).toBe(false);
    expect(await verified(next.body.accessToken)).toBe(false);
    expect((await refresh(next.body.refreshToken)).body.code).toBe('token_revoked');
    const rows = await app.database.sql.query<{ revoked_reason: string }[]>(
      'SELECT revoked_reason FROM sessions WHERE id = $1',
      [first.session.id],
    );
    expect(rows[0]!.revoked_reason).toBe('refresh_token_reused');
    const logged = app.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged).toContainEqual(
      expect.objectContaining({ event: 'refresh_token_reused', sessionId: first.session.id }),
    );
  });

  it('with a token that its successor has superseded ends the session even within the grace', async () => {
    const first = await app.register();
    const second = await refresh(first.refreshToken);
    await refresh(second.body.refreshToken);
    expect((await refresh(first.refreshToken)).body.code).toBe('token_revoked');
  });

  it('does not outlive a logout of any kind', async () => {
    const first = await app.register();
    const second = await app.login(first.user.email);
    await app.http.post('/api/auth/logout', { token: second.accessToken });
    expect((await refresh(second.refreshToken)).body.code).toBe('token_revoked');
    expect((await refresh(first.refreshToken)).status).toBe(200);
    await app.http.post('/api/auth/logout-all', { token: first.accessToken });
    expect((await refresh(first.refreshToken)).body.code).toBe('token_revoked');
  });

  it('raced by a logout-all leaves no live session', async () => {
    for (let round = 0; round < 10; round++) {
      const first = await app.register();
      const [refreshed] = await Promise.all([
        refresh(first.refreshToken),
        app.http.post('/api/auth/logout-all', { token: first.accessToken }),
      ]);
      expect([200, 401]).toContain(refreshed.status);
      if (refreshed.status === 200) {
        expect(await verified(refreshed.body.accessToken)).toBe(false);
        expect((await refresh(refreshed.body.refreshToken)).status).toBe(401);
      }
      expect(await verified(first.accessToken)).toBe(false);
    }
  });

  it('with a guessed secret is refused and ends no session', async () => {
    const first = await app.register();
    const [id] = first.refreshToken.split('.') as [string];
    const guesses = [
      `${id}.${'A'.repeat(43)}`,
      `${first.session.id}.${'A'.repeat(43)}`,
      id,
      'x',
      first.accessToken.slice(0, 200),
    ];
    for (const guess of guesses) {
      const refused = await refresh(guess);
      expect([refused.status, refused.body.code]).toEqual([401, 'token_invalid']);
    }
    expect(await verified(first.accessToken)).toBe(true);
    expect((await refresh(first.refreshToken)).status).toBe(200);
  });

  it('keeps only a hash of the secret', async () => {
    const { refreshToken } = await app.register();
    const [id, secret] = refreshToken.split('.') as [string, string];
    const rows = await app.database.sql.query<{ secret_hash: Buffer; row: string }[]>(
      'SELECT secret_hash, t::text AS row FROM refresh_tokens t WHERE id = $1',
      [id],
    );
    const bytes = Buffer.from(secret, 'base64url');
    expect(rows[0]!.secret_hash.equals(bytes)).toBe(false);
    expect(rows[0]!.row).not.toContain(bytes.toString('hex'));
  });
});
