import { elapsedMs, type Clock, type Moment } from './clock.js';
import {
  TokenExpiredError,
  TokenRevokedError,
  VerifierUnavailableError,
  type VerifierError,
} from './errors.js';
import { STALE_ANSWER_MS, type Settings } from './options.js';
import { SessionIndex } from './session-index.js';
import { isExpired, type VerifiedSession } from './session.js';

/** An answer of the issuer that says "alive". */
export interface AliveAnswer {
  session: VerifiedSession;
  asked: Moment;
  /** The stream names the end of this session, if it has not ended by now. */
  isCovered: boolean;
}

/** A token with open signals. */
interface Watch {
  readonly token: string;
  readonly session: VerifiedSession;
  readonly signals: Set<AbortController>;
  isCovered: boolean;
  isAsking: boolean;
  /** When the session was last known to be alive. */
  alive: Moment;
  /** Since when an answer of the issuer is wanted. */
  dueSince: Moment | undefined;
}

/** `iat` is a whole second, by the clock of the instance that issued the token; clocks differ by a minute at most. */
const ISSUE_TOLERANCE_MS = 61_000;
/** How many calls to `introspect` may be open for signals. */
const MAX_ASKING = 64;

/**
 * The signals of `onSessionEnd`. The stream ends them. For a session that the stream does not cover, and for all sessions
 * while the stream is not trusted, the issuer is asked again and again. A signal whose question stays without an answer for
 * the bound ends too.
 */
export class SessionSignals {
  private readonly watches = new SessionIndex<Watch>();
  private readonly tokens = new WeakMap<AbortSignal, { token: string; signal: AbortController }>();
  private size = 0;
  private asking = 0;
  private readonly toleranceMs: number;

  constructor(
    private readonly settings: Settings,
    private readonly clock: Clock,
    private readonly ask: (token: string, session: VerifiedSession) => Promise<AliveAnswer>,
  ) {
    this.toleranceMs = settings.clockToleranceSeconds * 1_000;
  }

  /** @throws VerifierUnavailableError when `maxSignals` are open */
  open(token: string, session: VerifiedSession, isCovered: boolean): AbortSignal {
    if (this.size >= this.settings.maxSignals) {
      throw new VerifierUnavailableError('too many signals are open');
    }
    const signal = new AbortController();
    const known = this.watches.get(token);
    if (known === undefined) {
      this.watches.set(token, session.claims, {
        token,
        session,
        signals: new Set([signal]),
        isCovered,
        isAsking: false,
        alive: this.clock.now(),
        dueSince: undefined,
      });
    } else {
      known.signals.add(signal);
    }
    this.size += 1;
    this.tokens.set(signal.signal, { token, signal });
    return signal.signal;
  }

  /** Forgets a signal that has not been aborted; it never will be. */
  release(released: AbortSignal): void {
    const { token, signal } = this.tokens.get(released) ?? {};
    const watch = token === undefined ? undefined : this.watches.get(token);
    if (watch === undefined || signal === undefined || !watch.signals.delete(signal)) {
      return;
    }
    this.size -= 1;
    if (watch.signals.size === 0) {
      this.watches.delete(watch.token);
    }
  }

  /** @returns how many sessions had open signals */
  endNamed(name: string): number {
    const named = this.watchesNamed(name);
    named.forEach((watch) => this.end(watch, new TokenRevokedError()));
    return named.length;
  }

  /**
   * Ends the signals of tokens that were certainly issued before an instant of the clock of Postgres. The session of a later
   * token may have begun later, and that of `exceptSid` goes on: the issuer is asked.
   */
  endIssuedBefore(name: string, beforeMs: number, exceptSid?: string): number {
    const named = this.watchesNamed(name);
    for (const watch of named) {
      const { iat, sid } = watch.session.claims;
      const mayBeLater = typeof iat === 'number' && iat * 1_000 + ISSUE_TOLERANCE_MS >= beforeMs;
      if (mayBeLater || sid === exceptSid) {
        watch.isCovered = false;
      } else {
        this.end(watch, new TokenRevokedError());
      }
    }
    return named.length;
  }

  /** Ends may have been missed. */
  uncoverAll(): void {
    this.watches.all().forEach((watch) => (watch.isCovered = false));
  }

  endAll(reason: VerifierError): void {
    this.watches.all().forEach((watch) => this.end(watch, reason));
  }

  /** To be called several times per second. */
  supervise(isTrusted: boolean): void {
    const now = this.clock.now();
    for (const watch of this.watches.all()) {
      if (isExpired(watch.session.claims, now.wallMs, this.toleranceMs)) {
        this.end(watch, new TokenExpiredError());
      } else if (watch.isCovered && isTrusted) {
        watch.alive = now;
        watch.dueSince = undefined;
      } else {
        this.superviseUncovered(watch, now, isTrusted);
      }
    }
  }

  private superviseUncovered(watch: Watch, now: Moment, isTrusted: boolean): void {
    const intervalMs = isTrusted ? STALE_ANSWER_MS : this.settings.boundMs;
    // A covered session was alive until the stream was lost: it is asked for at once.
    if (watch.isCovered || elapsedMs(watch.alive, now) >= intervalMs) {
      watch.dueSince ??= now;
    }
    if (watch.dueSince === undefined) {
      return;
    }
    if (elapsedMs(watch.dueSince, now) > this.settings.boundMs) {
      this.end(watch, new VerifierUnavailableError('the issuer did not answer in time'));
    } else if (!watch.isAsking && this.asking < MAX_ASKING) {
      void this.askFor(watch);
    }
  }

  private async askFor(watch: Watch): Promise<void> {
    watch.isAsking = true;
    this.asking += 1;
    try {
      const { asked, isCovered } = await this.ask(watch.token, watch.session);
      watch.alive = asked;
      watch.isCovered = isCovered;
      watch.dueSince = undefined;
    } catch (error) {
      // Without an answer the session stays due, and its time runs out.
      if (!(error instanceof VerifierUnavailableError)) {
        this.end(watch, new TokenRevokedError());
      }
    } finally {
      watch.isAsking = false;
      this.asking -= 1;
    }
  }

  private watchesNamed(name: string): Watch[] {
    const tokens = this.watches.tokensNamed(name);
    return tokens.map((token) => this.watches.get(token)).filter((watch) => watch !== undefined);
  }

  private end(watch: Watch, reason: VerifierError): void {
    if (this.watches.get(watch.token) !== watch) {
      return;
    }
    this.watches.delete(watch.token);
    this.size -= watch.signals.size;
    watch.signals.forEach((signal) => signal.abort(reason));
  }
}
