import { performance } from 'node:perf_hooks';
import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import type { Instance } from '../instance';
import type { History, Operation, RecordedRequest } from '../history';
import { Account, type Device } from './account';
import { ACCEPTS_TOKEN } from '../rules/sessions';
import { send, type Message } from './send';

/** A refresh token gets the same answer for 10 s. A client that is later than this gives up. */
const REFRESH_RETRY_MS = 5_000;
const PROFILE = '/api/auth/profile';

/** The fields of a request that are known before its answer. */
type Question = Pick<RecordedRequest, 'op' | 'user'> &
  Partial<Pick<RecordedRequest, 'session' | 'target' | 'value'>>;

interface Outcome {
  recorded: RecordedRequest;
  body: unknown;
}

/** The requests that clients make, each recorded with its answer. */
export class Actions {
  constructor(
    private readonly history: History,
    private readonly client: string,
    /** Signed in as an administrator. */
    private readonly admin: Device | null,
  ) {}

  async register(on: Instance, email: string): Promise<Account> {
    const json = { email, password: Account.passwordText(0) };
    const startMs = performance.now();
    const reply = await send(on.origin, { method: 'POST', path: '/api/auth/register', json });
    if (reply.status !== 201) {
      throw new Error(`registration: ${reply.status} ${reply.code ?? ''}`);
    }
    const result = reply.body as AuthResultDto;
    const account = new Account(result.user.id, email);
    const question: Question = { op: 'register', user: account.id, value: 0 };
    const recorded = { ...this.record(on, question, startMs, reply), opened: result.session.id };
    this.history.add(recorded);
    account.devices.push(deviceOf(account, result));
    return account;
  }

  async login(on: Instance, account: Account, password: number): Promise<Device | null> {
    const json = { email: account.email, password: Account.passwordText(password) };
    const { recorded, body } = await this.ask(
      on,
      { op: 'login', user: account.id, value: password },
      { method: 'POST', path: '/api/auth/login', json },
    );
    if (recorded.status !== 200) {
      return null;
    }
    const device = deviceOf(account, body as AuthResultDto);
    account.devices.push(device);
    // The newest possible one was accepted: no older one can be set any more.
    if (password === Math.max(...account.passwords)) {
      account.passwords = [password];
    }
    return device;
  }

  async verify(on: Instance, device: Device): Promise<void> {
    await this.askAs(on, device, 'verify', { method: 'GET', path: '/api/auth/verify' });
  }

  async readProfile(on: Instance, device: Device): Promise<void> {
    await this.askAs(on, device, 'read-profile', { method: 'GET', path: PROFILE });
  }

  async listSessions(on: Instance, device: Device): Promise<void> {
    await this.askAs(on, device, 'list-sessions', { method: 'GET', path: '/api/auth/sessions' });
  }

  /** @returns whether it was written. */
  async writeProfile(on: Instance, device: Device): Promise<boolean> {
    const { account } = device;
    if (account.writingProfile) {
      return false;
    }
    account.writingProfile = true;
    account.lastVersion += 1;
    const value = account.lastVersion;
    const message: Message = { method: 'PUT', path: PROFILE, json: { bio: String(value) } };
    const { recorded } = await this.askAs(on, device, 'write-profile', message, { value });
    account.writingProfile = false;
    return recorded.status === 200;
  }

  async refresh(on: Instance, device: Device): Promise<void> {
    const { account, unansweredSinceMs } = device;
    const nowMs = performance.now();
    const isLate = unansweredSinceMs !== null && nowMs - unansweredSinceMs > REFRESH_RETRY_MS;
    if (device.refreshing || isLate) {
      return;
    }
    device.refreshing = true;
    const { recorded, body } = await this.ask(
      on,
      { op: 'refresh', user: account.id, session: device.id },
      { method: 'POST', path: '/api/auth/refresh', json: { refreshToken: device.refreshToken } },
    );
    device.refreshing = false;
    if (recorded.status === 200) {
      const { accessToken, refreshToken } = body as AuthResultDto;
      Object.assign(device, { accessToken, refreshToken, unansweredSinceMs: null });
      device.accessTokens.push(accessToken);
    } else if (recorded.status !== 401) {
      device.unansweredSinceMs ??= nowMs;
    }
    this.noteRefusal(device, recorded);
  }

  /** @returns the sessions that the client knows to have ended. */
  async logout(on: Instance, device: Device): Promise<Device[]> {
    const message: Message = { method: 'POST', path: '/api/auth/logout' };
    const { recorded } = await this.askAs(on, device, 'logout', message);
    return retire(recorded, [device]);
  }

  async logoutAll(on: Instance, device: Device): Promise<Device[]> {
    const before = device.account.live;
    const message: Message = { method: 'POST', path: '/api/auth/logout-all' };
    const { recorded } = await this.askAs(on, device, 'logout-all', message);
    return retire(recorded, before);
  }

  /** The session that stays must be accepted throughout. */
  async logoutOthers(on: Instance, device: Device): Promise<Device[]> {
    const others = device.account.live.filter((other) => other !== device);
    const message: Message = { method: 'DELETE', path: '/api/auth/sessions' };
    const { recorded } = await this.askAs(on, device, 'logout-others', message);
    return retire(recorded, others);
  }

  async deleteSession(on: Instance, device: Device, target: Device): Promise<Device[]> {
    const message: Message = { method: 'DELETE', path: `/api/auth/sessions/${target.id}` };
    const more = { target: target.id };
    const { recorded } = await this.askAs(on, device, 'delete-session', message, more);
    return retire(recorded, [target]);
  }

  async changePassword(on: Instance, device: Device): Promise<Device[]> {
    const { account } = device;
    if (account.changingPassword) {
      return [];
    }
    account.changingPassword = true;
    account.lastPassword += 1;
    const value = account.lastPassword;
    const before = account.live;
    const json = {
      // After a change without an answer one of two may be set: the next try finds the other.
      currentPassword: Account.passwordText(account.passwords[value % account.passwords.length]!),
      newPassword: Account.passwordText(value),
    };
    const message: Message = { method: 'PUT', path: `${PROFILE}/password`, json };
    const { recorded } = await this.askAs(on, device, 'change-password', message, { value });
    if (recorded.status === 204) {
      account.passwords = [value];
    } else if (recorded.status === 0 || recorded.status >= 500) {
      account.passwords = [...account.passwords, value];
    }
    account.changingPassword = false;
    return retire(recorded, before);
  }

  async revokeByAdmin(on: Instance, account: Account): Promise<Device[]> {
    if (!this.admin) {
      return [];
    }
    const before = account.live;
    const { recorded } = await this.ask(
      on,
      { op: 'revoke-by-admin', user: account.id, session: this.admin.id },
      {
        method: 'DELETE',
        path: `/api/admin/users/${account.id}/sessions`,
        token: this.admin.accessToken,
      },
    );
    return retire(recorded, before);
  }

  private async askAs(
    on: Instance,
    device: Device,
    op: Operation,
    message: Message,
    more: Partial<Question> = {},
  ): Promise<Outcome> {
    const question = { op, user: device.account.id, session: device.id, ...more };
    const outcome = await this.ask(on, question, { ...message, token: device.accessToken });
    this.noteRefusal(device, outcome.recorded);
    return outcome;
  }

  private async ask(on: Instance, question: Question, message: Message): Promise<Outcome> {
    const startMs = performance.now();
    const reply = await send(on.origin, message);
    const recorded = this.record(on, question, startMs, reply);
    if (recorded.op === 'read-profile' && recorded.status === 200) {
      recorded.value = Number((reply.body as { bio: string | null }).bio ?? 0);
    }
    if (recorded.op === 'login' && recorded.status === 200) {
      recorded.opened = (reply.body as AuthResultDto).session.id;
    }
    this.history.add(recorded);
    return { recorded, body: reply.body };
  }

  private record(
    on: Instance,
    question: Question,
    startMs: number,
    { status, code, retryAfter }: Awaited<ReturnType<typeof send>>,
  ): RecordedRequest {
    return {
      id: this.history.nextId(),
      client: this.client,
      instance: on.name,
      session: null,
      target: null,
      opened: null,
      value: null,
      ...question,
      startMs,
      endMs: performance.now(),
      status,
      code,
      retryAfter,
    };
  }

  private noteRefusal(device: Device, { status, code }: RecordedRequest): void {
    device.retired ||= status === 401 && !ACCEPTS_TOKEN.has(code);
  }
}

function deviceOf(account: Account, result: AuthResultDto): Device {
  const { session, accessToken, refreshToken } = result;
  return {
    id: session.id,
    account,
    accessToken,
    accessTokens: [accessToken],
    refreshToken,
    refreshing: false,
    unansweredSinceMs: null,
    retired: false,
  };
}

function retire({ status }: RecordedRequest, devices: Device[]): Device[] {
  if (status >= 300 || status === 0) {
    return [];
  }
  devices.forEach((device) => (device.retired = true));
  return devices;
}
