import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { SyncTimings } from '#libs/sync';
import { tombstoneTtlMs } from './session';
import { SessionOptions } from './session.options';

/** When sessions, tokens and tombstones end. Instants are Unix time in ms. */
@Injectable()
export class SessionLifetimes {
  constructor(
    private readonly clock: Clock,
    private readonly options: SessionOptions,
    private readonly timings: SyncTimings,
  ) {}

  nowMs(): number {
    return this.clock.nowMs();
  }

  /** The TTL of a session: its longest life without a refresh. */
  get ttlMs(): number {
    return this.options.ttlSeconds * 1000;
  }

  /** When a session expires that is opened or refreshed at an instant: within its absolute lifetime. */
  sessionExpiryMs(atMs: number, createdAtMs: number): number {
    const { ttlSeconds, maxLifetimeSeconds = ttlSeconds } = this.options;
    return Math.min(atMs + ttlSeconds * 1000, createdAtMs + maxLifetimeSeconds * 1000);
  }

  /** When an access token expires that is issued at an instant: it never outlives its session. */
  tokenExpiryMs(issuedAtMs: number, sessionExpiresAtMs: number): number {
    const { ttlSeconds, accessTokenTtlSeconds = ttlSeconds } = this.options;
    return Math.min(issuedAtMs + accessTokenTtlSeconds * 1000, sessionExpiresAtMs);
  }

  /**
   * Milliseconds for which a tombstone stands that is added now. One is added also where every token has expired: a
   * session on its way into Redis must find it.
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
