import { Gauge, type Registry } from 'prom-client';
import { Recent } from '#libs/common';

/** What lives in Redis, as its counters say. */
export interface LiveCounts {
  activeSessions: number;
  cachedProfiles: number;
  blacklistedTokens: number;
}

const MAX_AGE_MS = 1000;

/** How much lives in Redis: the same on every instance, and absent where Redis does not answer. */
export class StatisticsMetrics {
  private readonly latest = new Recent<LiveCounts | null>();

  constructor(private readonly registry: Registry) {}

  /** @param read one round trip; done when metrics are asked for, once a second at most. */
  watch(read: () => Promise<LiveCounts>): void {
    const recent = () => this.latest.get(MAX_AGE_MS, () => read().catch(() => null));
    const gauge = (name: string, help: string, of: (counts: LiveCounts) => number) => {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        async collect() {
          const counts = await recent();
          if (counts) {
            this.set(of(counts));
          } else {
            this.remove();
          }
        },
      });
    };
    gauge(
      'latchkey_active_sessions',
      'Sessions that Redis knows, exact to a minute.',
      ({ activeSessions }) => activeSessions,
    );
    gauge(
      'latchkey_cached_profiles',
      'Profiles in the cache, exact to a minute.',
      ({ cachedProfiles }) => cachedProfiles,
    );
    gauge(
      'latchkey_blacklisted_tokens',
      'Tombstones of revoked sessions, exact to a minute.',
      ({ blacklistedTokens }) => blacklistedTokens,
    );
  }
}
