import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import {
  AUDIT_EVENT_LEVELS,
  AuditRecorder,
  type AuditEvent,
  type AuditEventName,
} from '../../libs/audit';
import { HttpTraffic } from '../../apps/api/lifecycle/http-traffic';
import { isAnyRequestFollowed } from '../../libs/common';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import type { Answer, Call } from '../support/http-client';
import { RawConnection } from '../support/raw-connection';
import { loggedEvents, rowsOfRequest, type AuditRow } from '../support/audit-events';
import { until } from '../support/until';

const USER_AGENT = 'Test Browser/1.0';
const NEW_PASSWORD = 'another long password';
const UNKNOWN_ID = '3f2b8c1e-0000-4000-8000-000000000001';
/** Limits: test/asvs/brute-force.spec.ts, test/abuse; the command line: test/asvs/password-import.spec.ts. */
const ELSEWHERE: AuditEventName[] = [
  'login_refused_by_limit',
  'introspection_refused',
  'account_imported',
];

interface Outcome {
  answer: Answer;
  rows: AuditRow[];
  /** Lines of the log. */
  lines: Record<string, unknown>[];
  requestId: string;
}

describe('audit events', () => {
  let app: TestApp;
  const heard: AuditEvent[] = [];
  const seen = new Set<string>();
  let requests = 0;

  beforeAll(async () => {
    app = await startTestApp({ env: { MAX_SESSIONS_PER_USER: '3' } });
    app.nest.get(AuditRecorder).onRecorded((event) => heard.push(event));
  });

  afterAll(async () => {
    await app.close();
  });

  /** One call, and its events. Rows, log lines and the calls of listeners must agree. */
  async function call(method: string, path: string, call: Call = {}): Promise<Outcome> {
    requests += 1;
    const requestId = `event-${requests}`;
    const headers = { 'user-agent': USER_AGENT, 'x-request-id': requestId };
    const answer = await app.http.call(method, path, { ...call, headers });
    const rows = await rowsOfRequest(app, requestId);
    const lines = loggedEvents(app).filter((line) => line.requestId === requestId);
    const told = heard.filter((event) => event.requestId === requestId);
    for (const row of rows) {
      seen.add(row.name);
      expect(row).toMatchObject({ ip: '127.0.0.1', user_agent: USER_AGENT });
      expect(told).toContainEqual(
        expect.objectContaining({ id: row.id, name: row.name, details: row.details }),
      );
      expect(lines).toContainEqual(
        expect.objectContaining({
          event: row.name,
          level: AUDIT_EVENT_LEVELS[row.name as AuditEventName] === 'warn' ? 40 : 30,
          userId: row.user_id,
          sessionId: row.session_id,
          actorId: row.actor_id,
          ip: row.ip,
          details: row.details,
        }),
      );
    }
    expect([lines.length, told.length]).toEqual([rows.length, rows.length]);
    return { answer, rows, lines, requestId };
  }

  async function newAdmin(): Promise<AuthResultDto> {
    const { user } = await app.register();
    await app.database.sql.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [user.id]);
    return app.login(user.email);
  }

  const row = (
    name: AuditEventName,
    who: { user: string | null; session?: string | null; actor?: string },
    details: object = {},
  ): unknown =>
    expect.objectContaining({
      name,
      user_id: who.user,
      session_id: who.session ?? null,
      actor_id: who.actor ?? null,
      details,
    });

  it('account_registered', async () => {
    const json = { email: newEmail(), password: PASSWORD };
    const { answer, rows } = await call('POST', '/api/auth/register', { json });
    const { user } = answer.body as unknown as AuthResultDto;
    expect(rows).toEqual([row('account_registered', { user: user.id })]);
    const taken = await call('POST', '/api/auth/register', { json });
    expect([taken.answer.status, taken.rows]).toEqual([409, []]);
  });

  it('login_succeeded', async () => {
    const { user } = await app.register();
    const json = { email: user.email, password: PASSWORD };
    const { answer, rows } = await call('POST', '/api/auth/login', { json });
    const { session } = answer.body as unknown as AuthResultDto;
    expect(rows).toEqual([row('login_succeeded', { user: user.id, session: session.id })]);
  });

  it('login_failed, without the address', async () => {
    const { user } = await app.register();
    const login = (email: string, password: string) =>
      call('POST', '/api/auth/login', { json: { email, password } });
    const wrong = await login(user.email, 'a wrong password');
    expect(wrong.rows).toEqual([
      row('login_failed', { user: user.id }, { reason: 'wrong_password' }),
    ]);
    const email = newEmail();
    const unknown = await login(email, PASSWORD);
    expect(unknown.rows).toEqual([
      row('login_failed', { user: null }, { reason: 'unknown_account' }),
    ]);
    for (const { rows, lines } of [wrong, unknown]) {
      const kept = JSON.stringify([rows, lines]);
      expect(kept).not.toContain(email);
      expect(kept).not.toContain(user.email);
    }
    await app.database.sql.query('UPDATE users SET disabled_at = now() WHERE id = $1', [user.id]);
    const disabled = await login(user.email, PASSWORD);
    expect(disabled.rows).toEqual([
      row('login_failed', { user: user.id }, { reason: 'account_disabled' }),
    ]);
  });

  it('logout', async () => {
    const { user, session, accessToken: token } = await app.register();
    const { rows } = await call('POST', '/api/auth/logout', { token });
    expect(rows).toEqual([row('logout', { user: user.id, session: session.id })]);
  });

  it('refresh_token_reused', async () => {
    const { user, session, refreshToken } = await app.register();
    const json = { refreshToken };
    const first = await call('POST', '/api/auth/refresh', { json });
    expect([first.answer.status, first.rows]).toEqual([200, []]);
    app.clock.advance(11_000);
    const { answer, rows } = await call('POST', '/api/auth/refresh', { json });
    expect(answer.status).toBe(401);
    expect(rows).toEqual([row('refresh_token_reused', { user: user.id, session: session.id })]);
  });

  it('session_revoked, by the user', async () => {
    const { user, session: asking, accessToken: token } = await app.register();
    const { session } = await app.login(user.email);
    const path = `/api/auth/sessions/${session.id}`;
    const { rows } = await call('DELETE', path, { token });
    const details = { reason: 'revoked_by_user' };
    expect(rows).toEqual([row('session_revoked', { user: user.id, session: session.id }, details)]);
    const again = await call('DELETE', path, { token });
    expect([again.answer.status, again.rows]).toEqual([404, []]);
    expect(asking.id).not.toBe(session.id);
  });

  it('session_revoked, by the limit of sessions', async () => {
    const { user, session: oldest } = await app.register();
    app.clock.advance(1000);
    await app.login(user.email);
    await app.login(user.email);
    const json = { email: user.email, password: PASSWORD };
    const { answer, rows } = await call('POST', '/api/auth/login', { json });
    const { session } = answer.body as unknown as AuthResultDto;
    const details = { reason: 'session_limit' };
    expect(rows).toHaveLength(2);
    expect(rows).toContainEqual(
      row('session_revoked', { user: user.id, session: oldest.id }, details),
    );
    expect(rows).toContainEqual(row('login_succeeded', { user: user.id, session: session.id }));
  });

  it('sessions_revoked, by the user', async () => {
    const { user, session, accessToken: token } = await app.register();
    await app.login(user.email);
    const { rows } = await call('POST', '/api/auth/logout-all', { token });
    const details = { reason: 'logout_all', revokedSessions: 2 };
    expect(rows).toEqual([
      row('sessions_revoked', { user: user.id, session: session.id }, details),
    ]);
  });

  it('sessions_revoked, by the user for all others', async () => {
    const { user, session, accessToken: token } = await app.register();
    await app.login(user.email);
    const { rows } = await call('DELETE', '/api/auth/sessions', { token });
    const details = { reason: 'revoked_by_user', revokedSessions: 1 };
    expect(rows).toEqual([
      row('sessions_revoked', { user: user.id, session: session.id }, details),
    ]);
  });

  it('reauthenticated, and identity_not_proved', async () => {
    const { user, session, accessToken: token } = await app.register();
    const prove = (password: string) =>
      call('POST', '/api/auth/reauthenticate', { token, json: { password } });
    const who = { user: user.id, session: session.id };
    const refused = await prove('a wrong password');
    expect(refused.rows).toEqual([
      row('identity_not_proved', who, { purpose: 'reauthentication' }),
    ]);
    const proved = await prove(PASSWORD);
    expect(proved.rows).toEqual([row('reauthenticated', who, {})]);
  });

  it('password_changed, and identity_not_proved', async () => {
    const { user, session, accessToken: token } = await app.register();
    const change = (currentPassword: string) =>
      call('PUT', '/api/auth/profile/password', {
        token,
        json: { currentPassword, newPassword: NEW_PASSWORD },
      });
    const who = { user: user.id, session: session.id };
    const refused = await change('a wrong password');
    expect(refused.rows).toEqual([row('identity_not_proved', who, { purpose: 'password_change' })]);
    const changed = await change(PASSWORD);
    expect(changed.rows).toEqual([row('password_changed', who, { revokedSessions: 1 })]);
  });

  it('of a client that did not wait for its answer name it, too', async () => {
    const { user, session, accessToken } = await app.register();
    const requestId = 'event-after-disconnect';
    const runner = app.database.sql.createQueryRunner();
    await runner.startTransaction();
    await runner.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    try {
      const { port } = new URL(app.http.origin);
      const client = await RawConnection.open(Number(port));
      const body = JSON.stringify({ currentPassword: 'a wrong password' });
      client.send(
        [
          'DELETE /api/auth/profile HTTP/1.1',
          'Host: test',
          `Authorization: Bearer ${accessToken}`,
          `X-Request-Id: ${requestId}`,
          'Content-Type: application/json',
          `Content-Length: ${body.length}`,
          '',
          body,
        ].join('\r\n'),
      );
      const waiting = async () => {
        const rows = (await runner.query(
          `SELECT wait_event FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )) as unknown[];
        return rows.length;
      };
      await until('the request waits for the lock', waiting);
      client.close();
      await until('no request is open', () => app.nest.get(HttpTraffic).openRequests, 0);
      expect(isAnyRequestFollowed()).toBe(true);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    await until('the request is not followed any more', isAnyRequestFollowed, false);
    await until('the event is written', async () => (await rowsOfRequest(app, requestId)).length);
    expect(await rowsOfRequest(app, requestId)).toEqual([
      expect.objectContaining({
        name: 'identity_not_proved',
        ip: '127.0.0.1',
        user_id: user.id,
        session_id: session.id,
      }),
    ]);
  });

  it('account_deleted, and identity_not_proved', async () => {
    const { user, session, accessToken: token } = await app.register();
    const remove = (currentPassword: string) =>
      call('DELETE', '/api/auth/profile', { token, json: { currentPassword } });
    const who = { user: user.id, session: session.id };
    const refused = await remove('a wrong password');
    expect(refused.rows).toEqual([
      row('identity_not_proved', who, { purpose: 'account_deletion' }),
    ]);
    const removed = await remove(PASSWORD);
    expect(removed.rows).toEqual([row('account_deleted', who, { revokedSessions: 1 })]);
  });

  it('sessions_revoked, by an administrator', async () => {
    const admin = await newAdmin();
    const { user } = await app.register();
    const path = `/api/admin/users/${user.id}/sessions`;
    const { rows } = await call('DELETE', path, { token: admin.accessToken });
    const details = { reason: 'revoked_by_administrator', revokedSessions: 1 };
    expect(rows).toEqual([
      row('sessions_revoked', { user: user.id, actor: admin.user.id }, details),
    ]);
  });

  it('role_changed, account_disabled and account_enabled, as far as something changed', async () => {
    const admin = await newAdmin();
    const { user } = await app.register();
    const path = `/api/admin/users/${user.id}`;
    const change = async (json: object) =>
      (await call('PATCH', path, { token: admin.accessToken, json })).rows.sort((one, other) =>
        one.name.localeCompare(other.name),
      );
    const who = { user: user.id, actor: admin.user.id };

    expect(await change({ role: 'admin', disabled: false })).toEqual([
      row('role_changed', who, { from: 'user', to: 'admin', revokedSessions: 1 }),
    ]);
    await app.login(user.email);
    expect(await change({ role: 'user', disabled: true })).toEqual([
      row('account_disabled', who, { revokedSessions: 1, until: null }),
      row('role_changed', who, { from: 'admin', to: 'user', revokedSessions: 1 }),
    ]);
    expect(await change({ disabled: false })).toEqual([
      row('account_enabled', who, { revokedSessions: 0 }),
    ]);
    await app.login(user.email);
    expect(await change({ role: 'user' })).toEqual([
      row('sessions_revoked', who, { reason: 'revoked_by_administrator', revokedSessions: 1 }),
    ]);
  });

  it('account_created, invitation_created, invitation_used and invitation_deleted', async () => {
    const admin = await newAdmin();
    const token = admin.accessToken;
    const actor = { user: null, actor: admin.user.id };
    const email = newEmail();
    const byName = (rows: AuditRow[]) =>
      rows.sort((one, other) => one.name.localeCompare(other.name));
    const created = await call('POST', '/api/admin/users', { token, json: { email } });
    const { id: user, invitation } = created.answer.body as {
      id: string;
      invitation: { id: string; code: string; expiresAt: string };
    };
    const { id: invitationId, expiresAt } = invitation;
    const who = { ...actor, user };
    expect(byName(created.rows)).toEqual([
      row('account_created', who, { role: 'user' }),
      row('invitation_created', who, { invitationId, role: 'user', expiresAt }),
    ]);
    const json = { email, password: PASSWORD, invitation: invitation.code };
    const used = await call('POST', '/api/auth/register', { json });
    expect(byName(used.rows)).toEqual([
      row('invitation_used', { user }, { invitationId }),
      row('password_changed', { user }, { revokedSessions: 0 }),
    ]);

    const other = await call('POST', '/api/admin/invitations', { token, json: { role: 'admin' } });
    const { id } = other.answer.body as { id: string };
    expect(other.rows).toEqual([
      row('invitation_created', actor, {
        invitationId: id,
        role: 'admin',
        expiresAt: expect.any(String) as string,
      }),
    ]);
    const deleted = await call('DELETE', `/api/admin/invitations/${id}`, { token });
    expect(deleted.rows).toEqual([row('invitation_deleted', actor, { invitationId: id })]);
  });

  it('of one account, by an administrator: a session, an end of a disabling, the deletion', async () => {
    const admin = await newAdmin();
    const token = admin.accessToken;
    const { user, session } = await app.register();
    const path = `/api/admin/users/${user.id}`;
    const who = { user: user.id, actor: admin.user.id };
    const one = await call('DELETE', `${path}/sessions/${session.id}`, { token });
    const details = { reason: 'revoked_by_administrator' };
    expect(one.rows).toEqual([row('session_revoked', { ...who, session: session.id }, details)]);
    const until = '2999-01-31T12:00:00.000Z';
    const json = { disabled: true, disabledUntil: until, disabledReason: 'not shown' };
    const disabled = await call('PATCH', path, { token, json });
    expect(disabled.rows).toEqual([row('account_disabled', who, { revokedSessions: 0, until })]);
    const deleted = await call('DELETE', path, { token });
    expect(deleted.rows).toEqual([row('account_deleted', who, { revokedSessions: 0 })]);
  });

  it('sessions_revoked for all users: an event for each user', async () => {
    const admin = await newAdmin();
    const { user } = await app.register();
    await app.login(user.email);
    const { rows } = await call('DELETE', '/api/admin/sessions', { token: admin.accessToken });
    const ofUser = { user: user.id, actor: admin.user.id };
    const ofAdmin = { user: admin.user.id, session: admin.session.id };
    const ended = (revokedSessions: number) => ({ reason: 'everyone_revoked', revokedSessions });
    expect(rows).toContainEqual(row('sessions_revoked', ofUser, ended(2)));
    expect(rows).toContainEqual(row('sessions_revoked', ofAdmin, ended(2)));
  });

  it('are neither written nor logged when their transaction is rolled back', async () => {
    const { user, session, accessToken: token } = await app.register();
    const recorded = () =>
      app.database.sql.query<object[]>(
        `SELECT sessions.revoked_at, subjects.generation,
                (SELECT count(*) FROM outbox WHERE outbox.user_id = subjects.user_id) AS changes
           FROM sessions JOIN subjects USING (user_id) WHERE sessions.id = $1`,
        [session.id],
      );
    const before = await recorded();
    expect(before).toHaveLength(1);
    await app.database.sql.query(
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '57014'; END $$`,
    );
    // At the commit, after everything else.
    await app.database.sql.query(
      `CREATE CONSTRAINT TRIGGER planted AFTER INSERT ON audit_events
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`,
    );
    const { answer, rows } = await call('POST', '/api/auth/logout-all', { token });
    await app.database.sql.query('DROP FUNCTION fail CASCADE');
    expect([answer.status, rows]).toEqual([503, []]);
    expect(await recorded()).toEqual(before);
    expect(heard.filter(({ userId }) => userId === user.id).map(({ name }) => name)).toEqual([
      'account_registered',
    ]);
    expect((await app.http.get('/api/auth/verify', { token })).status).toBe(200);
  });

  it('include every name of the catalogue, except those that are tested elsewhere', () => {
    expect([...seen, ...ELSEWHERE].sort()).toEqual(Object.keys(AUDIT_EVENT_LEVELS).sort());
  });

  it('cannot be changed in the table', async () => {
    const { sql } = app.database;
    await expect(sql.query(`UPDATE audit_events SET name = 'logout'`)).rejects.toThrow(
      'audit_events are never changed',
    );
    await expect(
      sql.query(
        `INSERT INTO audit_events (id, occurred_at, name, details)
         SELECT id, occurred_at, 'changed', '{}' FROM audit_events LIMIT 1
         ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
      ),
    ).rejects.toThrow('audit_events are never changed');
  });

  describe('shown', () => {
    interface Page {
      events: { id: string; name: string; occurredAt: string; [field: string]: unknown }[];
      nextCursor: string | null;
    }

    async function list(path: string, token: string): Promise<Page> {
      const answer = await app.http.get<Page>(path, { token });
      expect(answer.status).toBe(200);
      return answer.body;
    }

    it('to their user, newest first, and to no other', async () => {
      const first = await app.register();
      app.clock.advance(10);
      const other = await app.register();
      const json = { email: first.user.email, password: 'a wrong password' };
      const headers = { 'user-agent': USER_AGENT };
      await app.http.post('/api/auth/login', { json, headers });
      app.clock.advance(10);
      const second = await app.login(first.user.email);
      await rowsOfRequest(app, '');
      const { events, nextCursor } = await list('/api/auth/events', first.accessToken);
      expect(nextCursor).toBeNull();
      expect(events.map(({ name }) => name)).toEqual([
        'login_succeeded',
        'login_failed',
        'account_registered',
      ]);
      expect(events[0]!.sessionId).toBe(second.session.id);
      expect(events[1]).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        name: 'login_failed',
        occurredAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        sessionId: null,
        ip: '127.0.0.1',
        userAgent: USER_AGENT,
        details: { reason: 'wrong_password' },
      });
      const others = await list('/api/auth/events', other.accessToken);
      expect(others.events.map(({ name }) => name)).toEqual(['account_registered']);
    });

    it('to their user without the administrator, to administrators with', async () => {
      const admin = await newAdmin();
      const { user } = await app.register();
      app.clock.advance(10);
      const path = `/api/admin/users/${user.id}`;
      const headers = { 'x-request-id': 'asked-by-admin', 'user-agent': 'Admin Browser/1.0' };
      const call = { token: admin.accessToken, headers };
      await app.http.call('PATCH', path, { ...call, json: { role: 'admin' } });
      app.clock.advance(10);
      const { accessToken } = await app.login(user.email);

      const seenByAdmin = (await list(`${path}/events`, admin.accessToken)).events;
      expect(seenByAdmin.find(({ name }) => name === 'role_changed')).toMatchObject({
        sessionId: null,
        ip: '127.0.0.1',
        userAgent: 'Admin Browser/1.0',
        actorId: admin.user.id,
        requestId: 'asked-by-admin',
        details: { from: 'user', to: 'admin', revokedSessions: 1 },
      });
      const own = (await list('/api/auth/events', accessToken)).events;
      const changed = own.find(({ name }) => name === 'role_changed')!;
      expect(changed).toMatchObject({ sessionId: null, ip: null, userAgent: null });
      expect(JSON.stringify(own)).not.toContain(admin.user.id);
      expect(Object.keys(changed)).not.toContain('requestId');
    });

    it('in pages, without loss or repetition', async () => {
      const { user, accessToken: token } = await app.register();
      const events = app.nest.get(AuditRecorder);
      for (let more = 0; more < 249; more++) {
        // Several in one millisecond: the id orders them.
        app.clock.advance(more % 10 === 0 ? 1 : 0);
        events.record({ name: 'login_succeeded', userId: user.id, details: {} });
      }
      await rowsOfRequest(app, '');
      for (const limit of [100, 1, undefined]) {
        const seenIds: string[] = [];
        let last = '9999';
        let cursor: string | null = null;
        do {
          const query = new URLSearchParams({
            ...(limit && { limit: String(limit) }),
            ...(cursor && { cursor }),
          });
          const page: Page = await list(`/api/auth/events?${query.toString()}`, token);
          expect(page.events.length).toBeLessThanOrEqual(limit ?? 50);
          for (const { id, occurredAt } of page.events) {
            seenIds.push(id);
            expect(occurredAt <= last).toBe(true);
            last = occurredAt;
          }
          cursor = page.nextCursor;
        } while (cursor);
        expect([seenIds.length, new Set(seenIds).size]).toEqual([250, 250]);
      }
    });

    it.each(['?limit=0', '?limit=201', '?limit=x', '?cursor=x', '?page=2'])(
      'not with %s',
      async (query) => {
        const admin = await newAdmin();
        const { accessToken: token } = admin;
        const code = query.startsWith('?cursor') ? 'malformed_request' : 'validation_failed';
        for (const path of ['/api/auth/events', `/api/admin/users/${admin.user.id}/events`]) {
          const answer = await app.http.get(`${path}${query}`, { token });
          expect([answer.status, answer.body.code]).toEqual([400, code]);
        }
      },
    );

    it('to no other user', async () => {
      const { user } = await app.register();
      const other = await app.register();
      const path = `/api/admin/users/${user.id}/events`;
      const forbidden = await app.http.get(path, { token: other.accessToken });
      expect([forbidden.status, forbidden.body.code]).toEqual([403, 'forbidden']);
      for (const one of [path, '/api/auth/events']) {
        const anonymous = await app.http.get(one);
        expect([anonymous.status, anonymous.body.code]).toEqual([401, 'token_missing']);
      }
    });

    it('of a deleted account to administrators, and of an unknown one to no user', async () => {
      const { accessToken: token } = await newAdmin();
      const gone = await app.register();
      await app.http.call('DELETE', '/api/auth/profile', {
        token: gone.accessToken,
        json: { currentPassword: PASSWORD },
      });
      const { events } = await list(`/api/admin/users/${gone.user.id}/events`, token);
      expect(events.map(({ name }) => name).sort()).toEqual([
        'account_deleted',
        'account_registered',
      ]);
      for (const id of [UNKNOWN_ID, 'x']) {
        const answer = await app.http.get(`/api/admin/users/${id}/events`, { token });
        expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
      }
    });
  });
});
