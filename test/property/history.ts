import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AdminService } from '../../libs/auth';
import { LastSeenTracker } from '../../libs/session/verify/last-seen.tracker';
import { SessionNotFoundError } from '../../libs/session';
import { LastAdministratorError } from '../../libs/user';
import { newEmail, PASSWORD, type TestApp } from '../support/app';
import { keys } from '../support/keys';
import {
  expectRefresh,
  isLive,
  isProved,
  isRecognised,
  MODEL_SETTINGS,
  openSession,
  revokeAll,
  rotate,
  type ModelSession,
  type ModelToken,
  type ModelUser,
} from './session-model';
import type { AccountChange, Operation } from './operation';

interface Held {
  user: ModelUser;
  session: ModelSession;
  token: ModelToken;
}

/** The model reads the clock after the service did. */
const MODEL_CLOCK_TOLERANCE_MS = 30_000;

/** Runs one history against the real service and the model, and compares after every step. */
export class History {
  private readonly users: ModelUser[] = [];
  private passwords = 0;

  /** @param idleMs the idle time-out of the service. */
  constructor(
    private readonly app: TestApp,
    private readonly idleMs?: number,
  ) {}

  async run(operations: readonly Operation[]): Promise<void> {
    await this.step({ do: 'register' });
    await this.step({ do: 'register' });
    for (const operation of operations) {
      await this.step(operation);
      await this.compare();
    }
  }

  private nowMs(): number {
    return this.app.clock.nowMs();
  }

  private async step(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'register':
        return this.register();
      case 'login':
        return this.login(pick(this.users, operation.user), operation);
      case 'refresh':
        return this.refresh(pick(this.sessions(), operation.session), operation.token);
      case 'logout':
        return this.logout(this.held(operation));
      case 'logout-all':
        return this.logoutAll(this.held(operation));
      case 'revoke-others':
        return this.revokeOthers(this.held(operation));
      case 'reauthenticate':
        return this.reauthenticate(this.held(operation), operation.wrongPassword);
      case 'set-attribute':
        return this.setAttribute(pick(this.sessions(), operation.session), operation.value);
      case 'lose-redis':
        return this.loseRedis();
      case 'revoke-one':
        return this.revokeOne(this.held(operation), pick(this.sessions(), operation.target));
      case 'change-password':
        return this.changePassword(this.held(operation));
      case 'change-account':
        return this.changeAccount(pick(this.users, operation.user), operation.change);
      case 'revoke-by-administrator':
        return this.revokeByAdministrator(pick(this.sessions(), operation.session));
      case 'keep-alive':
        return this.keepAlive(pick(this.sessions(), operation.session), operation.times);
      case 'wait':
        return this.wait(operation.hours);
    }
  }

  private async wait(hours: number): Promise<void> {
    // As after two seconds.
    await this.app.nest.get(LastSeenTracker).flush();
    this.app.clock.advance(hours * 3_600_000);
  }

  /** The sessions of the users are lost, and nothing else: Redis counts as complete. */
  private async loseRedis(): Promise<void> {
    const lost = this.users.flatMap(({ id }) => [keys.sessions(id), keys.index(id)]);
    await this.app.redis.client.del(lost);
  }

  private async register(): Promise<void> {
    const result = await this.app.register(newEmail());
    const { id, email } = result.user;
    const user: ModelUser = {
      id,
      email,
      password: PASSWORD,
      role: 'user',
      disabledUntilMs: 0,
      sessions: [],
    };
    this.users.push(user);
    this.opened(user, result, false);
  }

  private async login(
    user: ModelUser,
    { wrongPassword, remember }: { wrongPassword: boolean; remember: boolean },
  ): Promise<void> {
    const password = wrongPassword ? 'never the password' : user.password;
    const answer = await this.app.http.post<AuthResultDto>('/api/auth/login', {
      json: { email: user.email, password, remember },
    });
    expect(answer.status).toBe(
      wrongPassword ? 401 : user.disabledUntilMs > this.nowMs() ? 403 : 200,
    );
    if (answer.status === 200) {
      this.opened(user, answer.body, remember);
    }
  }

  private opened(user: ModelUser, result: AuthResultDto, remembered: boolean): void {
    const { session, accessToken: token, refreshToken } = result;
    const createdAtMs = Date.parse(session.createdAt);
    const opened = { id: session.id, token, refreshToken, createdAtMs };
    openSession(user, opened, { remembered, idleMs: this.idleMs });
  }

  private async refresh(session: ModelSession, choice: number): Promise<void> {
    const token = pick(session.refreshTokens, choice);
    const expected = expectRefresh(session, token, this.nowMs());
    const answer = await this.app.http.post<AuthResultDto>('/api/auth/refresh', {
      json: { refreshToken: token.text },
    });
    expect(answer.status).toBe(expected === 'rotated' || expected === 'repeated' ? 200 : 401);
    if (expected === 'rotated') {
      const { accessToken, refreshToken } = answer.body;
      rotate(session, token, accessToken, refreshToken, this.nowMs());
    } else if (expected === 'repeated') {
      expect(answer.body.refreshToken).toBe(token.successor?.text);
      session.usedAtMs = this.nowMs();
    } else if (expected === 'reused') {
      session.alive = false;
    }
  }

  /** The newest refresh token, used every 19 hours: how a session reaches its absolute lifetime. */
  private async keepAlive(session: ModelSession, times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      await this.wait(19);
      await this.refresh(session, 0);
    }
  }

  private async logout({ session, token }: Held): Promise<void> {
    const recognised = isRecognised(session, token, this.nowMs());
    const answer = await this.app.http.post('/api/auth/logout', { token: token.text });
    expect(answer.status).toBe(recognised ? 204 : 401);
    session.alive &&= !recognised;
  }

  private async logoutAll({ user, session, token }: Held): Promise<void> {
    const recognised = isRecognised(session, token, this.nowMs());
    const answer = await this.app.http.post('/api/auth/logout-all', { token: token.text });
    expect(answer.status).toBe(recognised ? 200 : 401);
    if (recognised) {
      expect(answer.body.revokedSessions).toBe(revokeAll(user, this.nowMs()));
    }
  }

  private async revokeOthers({ user, session, token }: Held): Promise<void> {
    const nowMs = this.nowMs();
    const recognised = isRecognised(session, token, nowMs);
    const proved = isProved(session, nowMs);
    const answer = await this.app.http.delete('/api/auth/sessions', { token: token.text });
    expect(answer.status).toBe(recognised && proved ? 200 : 401);
    if (recognised && proved) {
      expect(answer.body.revokedSessions).toBe(revokeAll(user, nowMs, session));
    } else if (recognised) {
      expect(answer.body.code).toBe('reauthentication_required');
    }
  }

  private async reauthenticate(
    { user, session, token }: Held,
    wrongPassword: boolean,
  ): Promise<void> {
    const recognised = isRecognised(session, token, this.nowMs());
    const password = wrongPassword ? 'never the password' : user.password;
    const call = { token: token.text, json: { password } };
    const answer = await this.app.http.post('/api/auth/reauthenticate', call);
    expect(answer.status).toBe(recognised && !wrongPassword ? 200 : 401);
    if (answer.status === 200) {
      session.provedAtMs = this.nowMs();
    }
  }

  private async setAttribute(session: ModelSession, value: number): Promise<void> {
    const live = isLive(session, this.nowMs());
    const credentials = Buffer.from(MODEL_SETTINGS.INTROSPECTION_CLIENTS).toString('base64');
    const answer = await this.app.http.put(`/api/auth/sessions/${session.id}/attributes`, {
      json: { attributes: { value } },
      headers: { authorization: `Basic ${credentials}` },
    });
    expect(answer.status).toBe(live ? 204 : 404);
    if (live) {
      session.attribute = String(value);
    }
  }

  private async revokeOne(by: Held, target: ModelSession): Promise<void> {
    const nowMs = this.nowMs();
    const recognised = isRecognised(by.session, by.token, nowMs);
    const admitted = recognised && (target === by.session || isProved(by.session, nowMs));
    const found = by.user.sessions.includes(target) && isLive(target, nowMs);
    const path = `/api/auth/sessions/${target.id}`;
    const answer = await this.app.http.call('DELETE', path, { token: by.token.text });
    expect(answer.status).toBe(admitted ? (found ? 204 : 404) : 401);
    if (answer.status === 204) {
      target.alive = false;
    }
  }

  private async changePassword({ user, session, token }: Held): Promise<void> {
    const recognised = isRecognised(session, token, this.nowMs());
    const newPassword = `the password number ${String((this.passwords += 1))}`;
    const answer = await this.app.http.put('/api/auth/profile/password', {
      token: token.text,
      json: { currentPassword: user.password, newPassword },
    });
    expect(answer.status).toBe(recognised ? 204 : 401);
    if (recognised) {
      user.password = newPassword;
      revokeAll(user, this.nowMs());
    }
  }

  private async changeAccount(user: ModelUser, change: AccountChange): Promise<void> {
    const until = this.nowMs() + 12 * 3_600_000;
    const disabled = change.startsWith('disable');
    const wanted =
      change === 'promote' || change === 'demote'
        ? { role: change === 'promote' ? ('admin' as const) : ('user' as const) }
        : { disabled, ...(change === 'disable-12-hours' && { disabledUntil: new Date(until) }) };
    try {
      await this.app.nest.get(AdminService).changeAccount(user.id, wanted);
    } catch (error) {
      // The last administrator: at most the user of the change, as administrators of other histories may be left.
      expect(error).toBeInstanceOf(LastAdministratorError);
      const isAdmin = (one: ModelUser) =>
        one.role === 'admin' && one.disabledUntilMs <= this.nowMs();
      expect(this.users.filter(isAdmin)).toEqual([user]);
      return;
    }
    user.role = wanted.role ?? user.role;
    if (wanted.role === undefined) {
      user.disabledUntilMs = !disabled ? 0 : change === 'disable' ? Infinity : until;
    }
    revokeAll(user, this.nowMs());
  }

  private async revokeByAdministrator(session: ModelSession): Promise<void> {
    const { id: userId } = this.users.find(({ sessions }) => sessions.includes(session))!;
    const revoked = this.app.nest.get(AdminService).revokeSession(userId, session.id);
    if (!isLive(session, this.nowMs())) {
      await expect(revoked).rejects.toThrow(SessionNotFoundError);
      return;
    }
    await revoked;
    session.alive = false;
  }

  /**
   * Every token of the history is accepted exactly if the model accepts it, with the role, the attribute and the proof of
   * the model.
   */
  private async compare(): Promise<void> {
    const held = this.users.flatMap((user) =>
      user.sessions.flatMap((session) => session.tokens.map((token) => ({ user, session, token }))),
    );
    const answers = held.map(({ token }) =>
      this.app.http.get('/api/auth/verify', { token: token.text }),
    );
    const nowMs = this.nowMs();
    const actual = (await Promise.all(answers)).map(({ status, headers }) =>
      status === 200
        ? [headers.get('x-user-role'), headers.get('x-session-value'), headers.get('x-auth-time')]
        : status,
    );
    const expected = held.map(({ user, session, token }) =>
      isRecognised(session, token, nowMs)
        ? [user.role, session.attribute, toSecondNear(session.provedAtMs)]
        : 401,
    );
    expect(actual).toEqual(expected);
    for (const { session, token } of held) {
      session.usedAtMs = isRecognised(session, token, nowMs) ? nowMs : session.usedAtMs;
    }
    await this.compareRecord(nowMs);
  }

  /** The record has the same live sessions, with the same expiry. */
  private async compareRecord(nowMs: number): Promise<void> {
    const rows = await this.app.database.sql.query<{ id: string; expires_at: Date }[]>(
      `SELECT id, expires_at FROM sessions JOIN subjects USING (user_id, generation)
        WHERE user_id = ANY($1) AND revoked_at IS NULL AND expires_at > $2`,
      [this.users.map(({ id }) => id), new Date(nowMs)],
    );
    const recorded = new Map(rows.map((row) => [row.id, row.expires_at.getTime()]));
    // The record does not mark a session that ended because it was not used.
    const live = this.sessions().filter(({ alive, expiresAtMs }) => alive && nowMs < expiresAtMs);
    expect([...recorded.keys()].sort()).toEqual(live.map(({ id }) => id).sort());
    for (const { id, expiresAtMs } of live) {
      expect(Math.abs(recorded.get(id)! - expiresAtMs)).toBeLessThan(MODEL_CLOCK_TOLERANCE_MS);
    }
  }

  private sessions(): ModelSession[] {
    return this.users.flatMap((user) => user.sessions);
  }

  private held(choice: { session: number; token: number }): Held {
    const session = pick(this.sessions(), choice.session);
    const user = this.users.find(({ sessions }) => sessions.includes(session))!;
    return { user, session, token: pick(session.tokens, choice.token) };
  }
}

/** Matches the text of a second that the model knows roughly. */
function toSecondNear(atMs: number): unknown {
  return {
    asymmetricMatch: (text: unknown) =>
      Math.abs(Number(text) * 1000 - atMs) < MODEL_CLOCK_TOLERANCE_MS,
  };
}

/** The newest first, so that small numbers, to which failures shrink, mean recent sessions. */
function pick<T>(items: readonly T[], choice: number): T {
  return items[items.length - 1 - (choice % items.length)]!;
}
