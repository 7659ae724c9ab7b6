import { AliveSessions } from './alive-sessions.js';
import { elapsedMs, systemClock, type Clock, type Moment } from './clock.js';
import {
  TokenExpiredError,
  TokenInvalidError,
  TokenMissingError,
  TokenRevokedError,
  VerifierError,
  VerifierUnavailableError,
} from './errors.js';
import { reportTo, type Report } from './events.js';
import { Introspector } from './introspector.js';
import { settingsOf, STALE_ANSWER_MS, type Settings, type VerifierOptions } from './options.js';
import { RecentNames } from './recent-names.js';
import { RevocationStream } from './revocation-stream.js';
import { namesOf, sessionName, userName } from './session-index.js';
import { SessionSignals, type AliveAnswer } from './session-signals.js';
import { isExpired, type TokenClaims, type VerifiedSession } from './session.js';
import { SingleFlight, unlessAborted } from './single-flight.js';
import type { StreamMessage } from './stream-message.js';
import { StreamTrust } from './stream-trust.js';
import { TokenCheck } from './token-check.js';
import type { Verifier } from './verifier.js';

/** For tests. */
export interface VerifierParts {
  clock?: Clock;
  recentWindowMs?: number;
}

/**
 * An answer is kept only if the stream named nothing of its session since this long before the question. An answer is
 * stale for a second at most, so an end that it may lack was committed, and named, after that.
 */
export const RECENT_WINDOW_MS = 2 * STALE_ANSWER_MS;
/** The stream does not say when a signing key has been retired: the issuer is asked again after this time. */
const KEPT_FOR_MS = 5 * 60_000;
/** How often the connection and the signals are supervised. */
const SUPERVISION_MS = 200;

export class LatchkeyVerifier implements Verifier {
  private readonly settings: Settings;
  private readonly clock: Clock;
  private readonly recentWindowMs: number;
  private readonly report: Report;

  private readonly tokens: TokenCheck;
  private readonly introspector: Introspector;
  private readonly flights = new SingleFlight<AliveAnswer>();
  private readonly alive: AliveSessions;
  private readonly tokenOf = new WeakMap<VerifiedSession, string>();

  private readonly stream: RevocationStream;
  private readonly trust: StreamTrust;
  private readonly recent: RecentNames;
  private readonly signals: SessionSignals;
  private readonly timer: NodeJS.Timeout;
  /** Whether every end since the first heartbeat has been named, also over reconnections. */
  private isComplete = false;
  private wasTrusted = false;
  private isClosed = false;

  constructor(options: VerifierOptions, parts: VerifierParts = {}) {
    const settings = settingsOf(options);
    this.settings = settings;
    this.clock = parts.clock ?? systemClock;
    this.recentWindowMs = parts.recentWindowMs ?? RECENT_WINDOW_MS;
    this.report = reportTo(settings.onEvent);
    this.tokens = new TokenCheck(settings);
    this.introspector = new Introspector(settings, this.clock, this.report);
    this.alive = new AliveSessions(settings.maxSessions);
    this.trust = new StreamTrust(this.clock, settings.boundMs);
    this.recent = new RecentNames(this.recentWindowMs + settings.deadlineMs);
    this.signals = new SessionSignals(settings, this.clock, (token, { claims }) =>
      this.ask(token, claims),
    );
    this.stream = new RevocationStream(settings, this.clock, this.report, (message, sent) =>
      this.receive(message, sent),
    );
    this.timer = setInterval(() => this.supervise(), SUPERVISION_MS).unref();
    void this.stream.run();
  }

  get isTrusted(): boolean {
    return !this.isClosed && this.trust.isTrusted;
  }

  async verify(
    token: string | undefined,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<VerifiedSession> {
    try {
      const kept = this.keptFor(token);
      const session = kept ?? (await unlessAborted(this.confirm(token), signal));
      this.report({ type: 'check', result: kept ? 'kept' : 'introspected' });
      return session;
    } catch (error) {
      const result = error instanceof VerifierError ? error.code : 'aborted';
      this.report({ type: 'check', result });
      throw error;
    }
  }

  /** An answer that is kept counts while the stream has been heard within the bound, until it or the token is too old. */
  private keptFor(token = ''): VerifiedSession | undefined {
    const kept = this.isTrusted ? this.alive.get(token) : undefined;
    return kept && !this.hasExpired(kept.session) && !this.isOld(kept) ? kept.session : undefined;
  }

  private async confirm(token = ''): Promise<VerifiedSession> {
    if (this.isClosed) {
      throw new VerifierUnavailableError('the verifier is closed');
    }
    if (token === '') {
      throw new TokenMissingError();
    }
    const claims = await this.tokens.claimsOf(token);
    const { session } = await this.ask(token, claims);
    if (this.hasExpired(session)) {
      throw new TokenExpiredError();
    }
    return session;
  }

  /** Asks the issuer, once for all who ask at the same time, and keeps an answer that the stream covers. */
  private async ask(token: string, claims: TokenClaims): Promise<AliveAnswer> {
    return this.flights.run(token, async () => {
      const asked = this.clock.now();
      const wasTrusted = this.isTrusted;
      const answer = await this.introspector.introspect(token);
      const hasEnded = this.recent.has(sessionName(claims.sid));
      if (!answer.active || hasEnded) {
        this.alive.forget(token);
        throw new TokenRevokedError();
      }
      if (answer.sub !== claims.sub || answer.sid !== claims.sid) {
        throw new TokenInvalidError();
      }
      const session = this.sessionOf(token, claims, answer.role);
      const sinceMs = asked.monotonicMs - this.recentWindowMs;
      const isCovered = wasTrusted && !this.recent.mayHold(namesOf(claims), sinceMs);
      const alive = { session, asked, isCovered };
      if (isCovered) {
        this.alive.keep(token, alive);
      }
      return alive;
    });
  }

  onSessionEnd(given: VerifiedSession | string): AbortSignal {
    const session = typeof given === 'string' ? this.alive.find(given)?.session : given;
    const token = session && this.tokenOf.get(session);
    if (this.isClosed || session === undefined || token === undefined) {
      return AbortSignal.abort(new VerifierUnavailableError('the session is not known'));
    }
    if (this.recent.has(sessionName(session.sessionId))) {
      return AbortSignal.abort(new TokenRevokedError());
    }
    const isCovered = this.alive.get(token) !== undefined;
    return this.signals.open(token, session, isCovered);
  }

  release(signal: AbortSignal): void {
    this.signals.release(signal);
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    this.stream.close();
    this.introspector.close();
    this.alive.forgetAll();
    this.signals.endAll(new VerifierUnavailableError('the verifier is closed'));
  }

  private receive(message: StreamMessage, sent: Moment): void {
    const { monotonicMs } = this.clock.now();
    switch (message.type) {
      case 'session': {
        const name = sessionName(message.sid);
        this.recent.add(name, monotonicMs);
        this.reportEnds('session', this.alive.forgetNamed(name) + this.signals.endNamed(name));
        return;
      }
      case 'subject': {
        const name = userName(message.sub);
        this.recent.add(name, monotonicMs);
        const ended = this.signals.endIssuedBefore(name, message.beforeMs, message.exceptSid);
        this.reportEnds('subject', this.alive.forgetNamed(name) + ended);
        return;
      }
      case 'reset':
        this.isComplete = false;
        this.trust.lose();
        this.recent.addEverything(monotonicMs);
        this.alive.forgetAll();
        this.signals.uncoverAll();
        this.report({ type: 'reset', reason: message.reason });
        break;
      case 'heartbeat':
        if (!this.isComplete) {
          // Ends before the stream began are not named: answers that may lack them must not be kept.
          this.isComplete = true;
          this.recent.addEverything(monotonicMs);
        }
        this.report({ type: 'lag', lagMs: this.trust.heartbeat(sent, message.asOfMs) });
        break;
      case 'reconnect':
        return;
    }
    this.reportTrust();
  }

  private supervise(): void {
    this.reportTrust();
    this.stream.supervise(this.isTrusted);
    this.signals.supervise(this.isTrusted);
  }

  private reportTrust(): void {
    const trusted = this.isTrusted;
    if (trusted !== this.wasTrusted) {
      this.wasTrusted = trusted;
      this.report({ type: 'trust', trusted });
    }
  }

  private sessionOf(token: string, claims: TokenClaims, role: string): VerifiedSession {
    const { sub: userId, sid: sessionId, exp } = claims;
    const expiresAt = new Date(exp * 1_000);
    const session = Object.freeze({ userId, sessionId, role, expiresAt, claims });
    this.tokenOf.set(session, token);
    return session;
  }

  private hasExpired({ claims }: VerifiedSession): boolean {
    const toleranceMs = this.settings.clockToleranceSeconds * 1_000;
    return isExpired(claims, this.clock.now().wallMs, toleranceMs);
  }

  private isOld({ asked }: AliveAnswer): boolean {
    return elapsedMs(asked, this.clock.now()) > KEPT_FOR_MS;
  }

  private reportEnds(of: 'session' | 'subject', count: number): void {
    if (count > 0) {
      this.report({ type: 'end_named', of });
    }
  }
}

/** Connects to the stream at once. Keeps no process alive that has nothing else to do. */
export function createVerifier(options: VerifierOptions): Verifier {
  return new LatchkeyVerifier(options);
}
