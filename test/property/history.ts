import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AdminService } from '../../libs/auth';
import { SessionNotFoundError } from '../../libs/session';
import { LastAdministratorError } from '../../libs/user';
import { newEmail, PASSWORD, type TestApp } from '../support/app';
import {
  expectRefresh,
  isRecognised,
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

  constructor(private readonly app: TestApp) {}

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
        return this.login(pick(this.users, operation.user), operation.wrongPassword);
      case 'refresh':
        return this.refresh(pick(this.sessions(), operation.session), operation.token);
      case 'logout':
        return this.logout(this.held(operation));
      case 'logout-all':
        return this.logoutAll(this.held(operation));
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
        this.app.clock.advance(operation.hours * 3_600_000);
        return;
    }
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
    this.opened(user, result);
  }

  private async login(user: ModelUser, wrongPassword: boolean): Promise<void> {
    const password = wrongPassword ? 'never the password' : user.password;
    const answer = await this.app.http.post<AuthResultDto>('/api/auth/login', {
      json: { email: user.email, password },
    });
    expect(answer.status).toBe(
      wrongPassword ? 401 : user.disabledUntilMs > this.nowMs() ? 403 : 200,
    );
    if (answer.status === 200) {
      this.opened(user, answer.body);
    }
  }

  private opened(user: ModelUser, { session, accessToken, refreshToken }: AuthResultDto): void {
    openSession(user, session.id, accessToken, refreshToken, Date.parse(session.createdAt));
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
    } else if (expected === 'reused') {
      session.alive = false;
    }
  }

  /** The newest refresh token, used every 19 hours: how a session reaches its absolute lifetime. */
  private async keepAlive(session: ModelSession, times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      this.app.clock.advance(19 * 3_600_000);
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

  private async revokeOne(by: Held, target: ModelSession): Promise<void> {
    const nowMs = this.nowMs();
    const recognised = isRecognised(by.session, by.token, nowMs);
    const found = by.user.sessions.includes(target) && target.alive && nowMs < target.expiresAtMs;
    const path = `/api/auth/sessions/${target.id}`;
    const answer = await this.app.http.call('DELETE', path, { token: by.token.text });
    expect(answer.status).toBe(recognised ? (found ? 204 : 404) : 401);
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
    const isLive = session.alive && this.nowMs() < session.expiresAtMs;
    const revoked = this.app.nest.get(AdminService).revokeSession(userId, session.id);
    if (!isLive) {
      await expect(revoked).rejects.toThrow(SessionNotFoundError);
      return;
    }
    await revoked;
    session.alive = false;
  }

  /** Every token of the history is accepted exactly if the model accepts it, with the role of the model. */
  private async compare(): Promise<void> {
    const held = this.users.flatMap((user) =>
      user.sessions.flatMap((session) => session.tokens.map((token) => ({ user, session, token }))),
    );
    const answers = held.map(({ token }) =>
      this.app.http.get('/api/auth/verify', { token: token.text }),
    );
    const actual = (await Promise.all(answers)).map((answer) =>
      answer.status === 200 ? answer.headers.get('x-user-role') : answer.status,
    );
    const nowMs = this.nowMs();
    const expected = held.map(({ user, session, token }) =>
      isRecognised(session, token, nowMs) ? user.role : 401,
    );
    expect(actual).toEqual(expected);
    await this.compareRecord(nowMs);
  }

  /** The record has the same live sessions, with the same expiry. */
  private async compareRecord(nowMs: number): Promise<void> {
    const rows = await this.app.database.sql.query<{ id: string; expires_at: Date }[]>(
      `SELECT id, expires_at FROM sessions
        WHERE user_id = ANY($1) AND revoked_at IS NULL AND expires_at > $2`,
      [this.users.map(({ id }) => id), new Date(nowMs)],
    );
    const recorded = new Map(rows.map((row) => [row.id, row.expires_at.getTime()]));
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

/** The newest first, so that small numbers, to which failures shrink, mean recent sessions. */
function pick<T>(items: readonly T[], choice: number): T {
  return items[items.length - 1 - (choice % items.length)]!;
}
