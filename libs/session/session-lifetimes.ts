import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { SyncTimings } from '#libs/sync';
import { tombstoneTtlMs, type DatedSession } from './session';

/** Durations in seconds. */
export class LifetimeOptions {
  /** Lifetime of a session from sign-in or its last refresh. */
  ttlSeconds!: number;
  /** Lifetime of a session from sign-in, regardless of refreshes. Absent: the session TTL. */
  maxLifetimeSeconds?: number;
  /** Lifetime of a remembered session from sign-in or its last refresh. Absent: as of any other. */
  rememberTtlSeconds?: number;
  /** Lifetime of a remembered session from sign-in. Absent: as of any other, or `rememberTtlSeconds` if that is more. */
  rememberMaxLifetimeSeconds?: number;
  /** A session that is not used for so long ends. Exact to a minute. Absent: off. */
  idleTimeoutSeconds?: number | undefined;
  /**
   * Lifetime of an access token, on this and every other instance that issues tokens for these sessions. Absent: that
   * of its session, which is always safe.
   */
  accessTokenTtlSeconds?: number;
  /** Maximum lifetime of a tombstone. */
  blacklistTtlSeconds!: number;
}

/** All rules for the expiry of sessions, tokens and tombstones. Instants are Unix time in ms. */
@Injectable()
export class SessionLifetimes {
  constructor(
    private readonly clock: Clock,
    private readonly options: LifetimeOptions,
    private readonly timings: SyncTimings,
  ) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  /** The longest that any session lives without a refresh. */
  get longestTtlMs(): number {
    return Math.max(this.ttlMs(false), this.ttlMs(true));
  }

  /** How long a session lives without a refresh. */
  ttlMs(remembered: boolean): number {
    const { ttlSeconds, rememberTtlSeconds = ttlSeconds } = this.options;
    return (remembered ? rememberTtlSeconds : ttlSeconds) * 1000;
  }

  get hasIdleTimeout(): boolean {
    return this.options.idleTimeoutSeconds !== undefined;
  }

  /** SQL that holds for sessions of the record which are not over. @param now a parameter: the present instant. */
  isNotOver(now: string): string {
    const { idleTimeoutSeconds: idle } = this.options;
    return idle === undefined
      ? `expires_at > ${now}`
      : `expires_at > ${now} AND last_seen_at > ${now}::timestamptz - interval '${idle} seconds'`;
  }

  /** When a session ends that is not used after an instant; undefined without an idle time-out. */
  idleAtMs(usedAtMs: number): number | undefined {
    const { idleTimeoutSeconds: idle } = this.options;
    return idle === undefined ? undefined : usedAtMs + idle * 1000;
  }

  /**
   * The least time between two records of the use of a session, by one process, and by several: so the recorded use is
   * at most twice this older than the last one. That must be less than the minute to which an idle time-out is exact.
   */
  get useIntervalMs(): number {
    return this.hasIdleTimeout ? 25_000 : 60_000;
  }

  /** The expiry of a session that is opened or refreshed at an instant, within its maximum lifetime. */
  sessionExpiryMs({ createdAtMs, remembered }: OpenOrRefreshed, atMs: number): number {
    return Math.min(atMs + this.ttlMs(remembered), createdAtMs + this.maxLifetimeMs(remembered));
  }

  /** The expiry of an access token that is issued at an instant: it never outlives its session. */
  tokenExpiryMs(issuedAtMs: number, sessionExpiresAtMs: number): number {
    const { ttlSeconds, accessTokenTtlSeconds = ttlSeconds } = this.options;
    return Math.min(issuedAtMs + accessTokenTtlSeconds * 1000, sessionExpiresAtMs);
  }

  /**
   * Lifetime in milliseconds of a tombstone that is added now. Needed even if all tokens have expired: a session on its
   * way into Redis must find it.
   * @param tokensExpireAtMs the latest expiry of an access token of the session.
   */
  tombstoneTtlMs(tokensExpireAtMs: number): number {
    const nowMs = this.nowMs();
    const bounds = {
      leaseMs: this.timings.leaseMs,
      limitMs: this.options.blacklistTtlSeconds * 1000,
    };
    return tombstoneTtlMs(Math.max(tokensExpireAtMs, nowMs), nowMs, bounds);
  }

  private maxLifetimeMs(remembered: boolean): number {
    const { ttlSeconds, maxLifetimeSeconds = ttlSeconds } = this.options;
    if (!remembered) {
      return maxLifetimeSeconds * 1000;
    }
    const { rememberTtlSeconds = ttlSeconds } = this.options;
    const atLeast = Math.max(maxLifetimeSeconds, rememberTtlSeconds);
    const { rememberMaxLifetimeSeconds = atLeast } = this.options;
    return rememberMaxLifetimeSeconds * 1000;
  }
}

/** What the expiry of a session may depend on. */
export type OpenOrRefreshed = Pick<DatedSession, 'createdAtMs' | 'remembered'>;
