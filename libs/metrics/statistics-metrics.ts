import { Gauge, type Registry } from 'prom-client';
import { Recent } from '#libs/common';

/** The counters in Redis. */
export interface LiveCounts {
  activeSessions: number;
  cachedProfiles: number;
  blacklistedTokens: number;
}

const MAX_AGE_MS = 1000;

/** Contents of Redis: the same on every instance, and absent while Redis does not answer. */
export class StatisticsMetrics {
  private readonly latest = new Recent<LiveCounts | null>();

  constructor(private readonly registry: Registry) {}

  /** @param read one round trip; called at a scrape, at most once per second. */
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
      'Sessions in Redis, accurate to one minute.',
      ({ activeSessions }) => activeSessions,
    );
    gauge(
      'latchkey_cached_profiles',
      'Profiles in the cache, accurate to one minute.',
      ({ cachedProfiles }) => cachedProfiles,
    );
    gauge(
      'latchkey_blacklisted_tokens',
      'Tombstones of revoked sessions, accurate to one minute.',
      ({ blacklistedTokens }) => blacklistedTokens,
    );
  }
}
