import type { AuthResult } from './carrier.js';
import { ApiError } from './errors.js';
import { exclusively } from './exclusive.js';
import { refresh, type RefreshWay } from './refresh.js';
import { sleep } from './time.js';
import type { Tokens, TokenStorage } from './token-storage.js';

/**
 * Why the client is signed out: a call of this client (`logout`, `password_changed`, `account_deleted`), the code with
 * which the server refused the tokens (`token_missing`: the browser no longer has the cookies), or another client that
 * emptied the shared storage (`elsewhere`).
 */
export type SignedOutReason =
  | 'logout'
  | 'password_changed'
  | 'account_deleted'
  | 'token_revoked'
  | 'token_invalid'
  | 'token_expired'
  | 'token_missing'
  | 'elsewhere';

/** Within this time a tab sees what another one has stored. */
const STORED_ELSEWHERE_MS = 100;
/** An access token is renewed this long before it expires, or a tenth of its lifetime if that is less. */
const AHEAD_MS = 30_000;
/** After a refresh has failed, access tokens that are still valid are used for this long before the next attempt. */
const PAUSE_MS = 5_000;

/** The tokens of this client's session: keeps them, renews them in time, and ends with them. */
export class SessionTokens {
  private renewing: Promise<Tokens | null> | undefined;
  /** When the access token that was seen last expires, by the client's clock. */
  private expiry = { accessToken: '', atMs: 0 };
  private notAheadUntilMs = 0;
  private isSignedIn = false;
  /** The access token with which the last session ended: a slow storage may still return it. */
  private ended: string | undefined;

  constructor(
    private readonly storage: TokenStorage,
    private readonly way: RefreshWay,
    private readonly onSignedOut: ((reason: SignedOutReason) => void) | undefined,
  ) {}

  /** The tokens of a sign-in. */
  async begin(result: AuthResult): Promise<void> {
    await this.keep(result);
    this.isSignedIn = true;
  }

  /**
   * Keeps a mark for cookies that this client has not seen and that have admitted a call, so that it reports the end of
   * their session. Not after a session of this client has ended: the call may have been sent before.
   */
  async adopt(): Promise<void> {
    const pair = this.way.carrier.pairOf({});
    if (pair && this.ended === undefined && !(await this.current())) {
      const unknown = { sessionId: '', expiresIn: Number.MAX_SAFE_INTEGER, receivedAt: Date.now() };
      await this.storage.write({ ...pair, ...unknown });
    }
  }

  /** Tokens for a call, renewed if the access token is about to expire; null when signed out. */
  async fresh(): Promise<Tokens | null> {
    const tokens = await this.current();
    if (!tokens || !this.isDue(tokens)) {
      return tokens;
    }
    try {
      return await this.renew(tokens);
    } catch (error) {
      this.notAheadUntilMs = this.way.time.nowMs() + PAUSE_MS;
      const still = await this.current();
      if (still?.accessToken === tokens.accessToken && this.remainingMs(tokens) > 0) {
        return tokens;
      }
      throw error;
    }
  }

  /**
   * Replaces tokens whose access token has expired: by one refresh, however many callers and clients ask.
   * @param expired null where cookies may hold some that this client has not seen.
   * @returns the tokens of another client if that was first; null when signed out, or signed in anew.
   * @throws LatchkeyError without new tokens
   */
  async renew(expired: Tokens | null): Promise<Tokens | null> {
    const renew = (hasWaited = false) => this.refreshUnlessDone(expired, hasWaited);
    const { name } = this.storage;
    this.renewing ??= (name === undefined ? renew() : exclusively(name, renew)).finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  /**
   * Forgets the tokens and reports the end of the session, once.
   * @param only do nothing if other tokens have replaced these.
   */
  async end(reason: SignedOutReason, only?: Tokens): Promise<void> {
    const tokens = await this.current();
    if (!tokens || (only && only.accessToken !== tokens.accessToken)) {
      return;
    }
    this.ended = tokens.accessToken;
    // Before the write: a concurrent call must not find the empty storage first.
    this.reportEnd(reason);
    await this.storage.write(null);
  }

  /** Ends the session if the server has refused its tokens for good. */
  async endIfRefused(error: unknown, tokens: Tokens): Promise<void> {
    const reason = error instanceof ApiError ? tokenCodeOf(error) : undefined;
    if (reason) {
      await this.end(reason, tokens);
    }
  }

  private async current(): Promise<Tokens | null> {
    const tokens = await this.storage.read();
    if (!tokens || tokens.accessToken === this.ended) {
      this.reportEnd('elsewhere');
      return null;
    }
    this.isSignedIn = true;
    return tokens;
  }

  private async refreshUnlessDone(
    expired: Tokens | null,
    hasWaited: boolean,
  ): Promise<Tokens | null> {
    let tokens = await this.current();
    if (hasWaited && tokens?.accessToken === expired?.accessToken) {
      // A browser shows what another tab has stored a moment later.
      await sleep(this.way.time, STORED_ELSEWHERE_MS, new AbortController().signal);
      tokens = await this.current();
    }
    if (tokens?.accessToken !== expired?.accessToken) {
      return ofSameSession(tokens, expired);
    }
    try {
      const result = await refresh(this.way, tokens);
      const still = await this.current();
      const isReplaced = still?.accessToken !== tokens?.accessToken;
      return isReplaced ? ofSameSession(still, expired) : await this.keep(result);
    } catch (error) {
      // Without an answer the tokens stay: the server may not have got the request.
      if (tokens) {
        await this.endIfRefused(error, tokens);
      }
      throw error;
    }
  }

  private async keep(result: AuthResult): Promise<Tokens> {
    const { expiresIn, session } = result;
    const pair = this.way.carrier.pairOf(result);
    if (!pair) {
      throw new TypeError('The answer of a sign-in has no tokens.');
    }
    const tokens = { sessionId: session.id, ...pair, expiresIn, receivedAt: Date.now() };
    const { accessToken } = tokens;
    this.expiry = { accessToken, atMs: this.way.time.nowMs() + 1_000 * expiresIn };
    await this.storage.write(tokens);
    return tokens;
  }

  private isDue(tokens: Tokens): boolean {
    const remainingMs = this.remainingMs(tokens);
    const aheadMs = Math.min(AHEAD_MS, 100 * tokens.expiresIn);
    const isPaused = remainingMs > 0 && this.way.time.nowMs() < this.notAheadUntilMs;
    return remainingMs <= aheadMs && !isPaused;
  }

  /** Of tokens that another client has stored, the age is an estimate by the clock of the system. */
  private remainingMs({ accessToken, expiresIn, receivedAt }: Tokens): number {
    if (this.expiry.accessToken !== accessToken) {
      const ageMs = Math.max(0, Date.now() - receivedAt);
      this.expiry = { accessToken, atMs: this.way.time.nowMs() + 1_000 * expiresIn - ageMs };
    }
    return this.expiry.atMs - this.way.time.nowMs();
  }

  private reportEnd(reason: SignedOutReason): void {
    if (this.isSignedIn) {
      this.isSignedIn = false;
      this.onSignedOut?.(reason);
    }
  }
}

/** A call that began in one session must not go on in the next one, which may be another user's. */
function ofSameSession(tokens: Tokens | null, expired: Tokens | null): Tokens | null {
  return !expired?.sessionId || tokens?.sessionId === expired.sessionId ? tokens : null;
}

const END_CODES = ['token_revoked', 'token_invalid', 'token_expired', 'token_missing'] as const;

function tokenCodeOf({ code }: ApiError): SignedOutReason | undefined {
  return END_CODES.find((one) => one === code);
}
