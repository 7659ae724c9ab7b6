import { OPERATIONS } from './api-types.js';
import { bearer, cookies, type AuthResult, type Carrier } from './carrier.js';
import type {
  CallArguments,
  CallOptions,
  CallInput,
  OperationId,
  RequestBody,
  ResponseBody,
} from './calls.js';
import { Deadline } from './deadline.js';
import { AuthorizedCalls } from './authorized-calls.js';
import { ApiError } from './errors.js';
import { sender, toApiError, type Answer, type Fetch, type Input } from './exchange.js';
import { isAuthResult } from './refresh.js';
import { SessionTokens, type SignedOutReason } from './session-tokens.js';
import { orAborted, systemTime, type Time } from './time.js';
import { storageOf, type StorageChoice } from './token-storage.js';

const TIMEOUT_MS = 30_000;

export interface ClientOptions {
  /** Where the API is, without `/api`: `https://auth.example.com`. Empty in a page of the same origin. */
  baseUrl: string;
  /**
   * Where the tokens are kept. In memory when absent. `cookies`: by the browser, where no script can read them; the server
   * needs the setting `COOKIES=on`.
   */
  storage?: StorageChoice;
  /** Instead of the global `fetch`. */
  fetch?: Fetch;
  /** Deadline of a call with all its retries, in ms. 30 s when absent. */
  timeoutMs?: number;
  /** Called once when a session of this client ends, also by its own calls. */
  onSignedOut?: (reason: SignedOutReason) => void;
}

/** The input of a call of any operation. */
type Given = CallOptions & Input;

/** What a sign-in answers, without its tokens: the client keeps these. */
export type SignedIn = Pick<AuthResult, 'session' | 'user'>;

/** Calls that open a session. */
const BEGINS: readonly OperationId[] = ['register', 'login'];

/** Calls after which the session is over. */
const ENDS: Partial<Record<OperationId, SignedOutReason>> = {
  logout: 'logout',
  logoutAll: 'logout',
  changePassword: 'password_changed',
  deleteAccount: 'account_deleted',
};

/**
 * A client of one Latchkey. Its calls throw ApiError, NetworkError or TimeoutError.
 * @param time of tests.
 */
export function createClient(options: ClientOptions, time: Time = systemTime): LatchkeyClient {
  return new LatchkeyClient(options, time);
}

export class LatchkeyClient {
  private readonly carrier: Carrier;
  private readonly tokens: SessionTokens;
  private readonly calls: AuthorizedCalls;
  private readonly timeoutMs: number;

  /** Use `createClient`. */
  constructor(
    { baseUrl, storage = 'memory', fetch, timeoutMs = TIMEOUT_MS, onSignedOut }: ClientOptions,
    private readonly time: Time,
  ) {
    this.carrier = storage === 'cookies' ? cookies : bearer;
    const fetchOf: Fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
    const way = { send: sender(baseUrl, fetchOf, this.carrier), time, carrier: this.carrier };
    this.tokens = new SessionTokens(storageOf(storage, baseUrl), way, onSignedOut);
    this.calls = new AuthorizedCalls(way, this.tokens);
    this.timeoutMs = timeoutMs;
  }

  /** Creates an account and signs in. */
  async register(body: RequestBody<'register'>): Promise<SignedIn> {
    return signedIn((await this.call('register', { body })).data);
  }

  async login(body: RequestBody<'login'>): Promise<SignedIn> {
    return signedIn((await this.call('login', { body })).data);
  }

  /**
   * Revokes this session. Repeats the call after a 503, as the API asks. If it throws, the session may live on: call
   * again. Returns without an error if the session had ended before.
   */
  async logout(): Promise<void> {
    try {
      await this.call('logout');
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) {
        throw error;
      }
    }
  }

  /** Revokes every session of the user, this one included. @returns their number. */
  async logoutAll(): Promise<number> {
    return (await this.call('logoutAll')).data.revokedSessions;
  }

  /** One page of the user's sessions, the newest first. */
  async sessions(query: CallInput<'listSessions'>['query'] = {}) {
    return (await this.call('listSessions', { query })).data;
  }

  /** For another session than this one it needs a recent proof: see `reauthenticate`. */
  async revokeSession(id: string): Promise<void> {
    await this.call('revokeSession', { path: { id } });
  }

  /** Revokes every session of the user except this one. Needs a recent proof. @returns their number. */
  async revokeOtherSessions(): Promise<number> {
    return (await this.call('revokeOtherSessions')).data.revokedSessions;
  }

  /**
   * Proves the user's identity again, for a call that was answered `reauthentication_required`: repeat it afterwards.
   * @returns when the proof was taken.
   */
  async reauthenticate(body: RequestBody<'reauthenticate'>): Promise<Date> {
    return new Date((await this.call('reauthenticate', { body })).data.authenticatedAt);
  }

  async profile() {
    return dataOf(await this.call('getProfile'));
  }

  /** Absent fields stay unchanged; null removes a field. */
  async updateProfile(body: RequestBody<'updateProfile'>) {
    return (await this.call('updateProfile', { body })).data;
  }

  /** @param picture JPEG, PNG, WebP, GIF or AVIF, 5 MiB at most. */
  async uploadAvatar(picture: Blob) {
    const body = new FormData();
    body.append('avatar', picture, 'avatar');
    return (await this.call('uploadAvatar', { body })).data;
  }

  /** Revokes every session of the user, this one included: sign in again. */
  async changePassword(body: RequestBody<'changePassword'>): Promise<void> {
    await this.call('changePassword', { body });
  }

  /** Deletes the account with its sessions. */
  async deleteAccount(body: RequestBody<'deleteAccount'>): Promise<void> {
    await this.call('deleteAccount', { body });
  }

  /**
   * An access token for another service, renewed if it is about to expire; null when signed out, and always where cookies
   * have the tokens.
   */
  async accessToken(): Promise<string | null> {
    if (this.carrier.isAmbient) {
      return null;
    }
    const deadline = new Deadline(this.time, this.timeoutMs);
    const tokens = orAborted(this.tokens.fresh(), deadline.signal);
    return (await tokens.finally(() => deadline.end()))?.accessToken ?? null;
  }

  /**
   * Calls any operation of the API by its id in the OpenAPI document. Sends the access token where the operation takes
   * one, and renews it.
   */
  async call<Id extends OperationId>(
    id: Id,
    ...[input]: CallArguments<Id>
  ): Promise<Answer<ResponseBody<Id>>> {
    const given: Given = this.withChoice(id, input ?? {});
    const deadline = new Deadline(this.time, given.timeoutMs ?? this.timeoutMs, given.signal);
    try {
      const answer = await this.calls.send(OPERATIONS[id], given, deadline);
      await this.follow(id, answer);
      return answer as Answer<ResponseBody<Id>>;
    } finally {
      deadline.end();
    }
  }

  /** A sign-in asks for tokens in the body or in cookies. */
  private withChoice(id: OperationId, given: Given): Given {
    return BEGINS.includes(id)
      ? { ...given, body: { ...(given.body as object), ...this.carrier.signIn } }
      : given;
  }

  /** Begins or ends the session as the call has done on the server. */
  private async follow(id: OperationId, { data, ...answer }: Answer): Promise<void> {
    if (BEGINS.includes(id)) {
      if (!isAuthResult(data, this.carrier)) {
        throw toApiError(answer, undefined);
      }
      await this.tokens.begin(data);
    }
    const reason = ENDS[id];
    if (reason) {
      await this.tokens.end(reason);
    }
  }
}

function signedIn({ session, user }: AuthResult): SignedIn {
  return { session, user };
}

/** Only a call with `If-None-Match` is answered without a body. */
function dataOf<Data>({ data }: Answer<Data>): NonNullable<Data> {
  return data as NonNullable<Data>;
}
