import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { SyncTimings } from '#libs/sync';
import { tombstoneTtlMs, type Session } from './session';

/** Durations in seconds. */
export class LifetimeOptions {
  /** Lifetime of a session from sign-in or its last refresh. */
  ttlSeconds!: number;
  /** Lifetime of a session from sign-in, regardless of refreshes. Absent: the session TTL. */
  maxLifetimeSeconds?: number;
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
    return this.options.ttlSeconds * 1000;
  }

  /** The expiry of a session that is opened or refreshed at an instant, within its maximum lifetime. */
  sessionExpiryMs({ createdAtMs }: OpenOrRefreshed, atMs: number): number {
    const { ttlSeconds, maxLifetimeSeconds = ttlSeconds } = this.options;
    return Math.min(atMs + ttlSeconds * 1000, createdAtMs + maxLifetimeSeconds * 1000);
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
}

/** What the expiry of a session may depend on. */
export type OpenOrRefreshed = Pick<Session, 'userId' | 'role'> & { createdAtMs: number };
