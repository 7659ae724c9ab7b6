import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { addressGroups } from './address-group';
import { AttemptCounters } from './attempt-counters';
import { checkOnly, counterOf, countersOf, type LimitRule, type RateLimitState } from './counter';
import { RateLimitOptions } from './rate-limit.options';
import { RateLimitedError } from './rate-limited.error';

const MINUTE = { windowSeconds: 60 };

const PER_REFRESH_TOKEN: LimitRule = {
  name: 'refresh-token',
  limit: 'token',
  attempts: 30,
  ...MINUTE,
};
const ROTATIONS: LimitRule = { name: 'rotations', limit: 'user', attempts: 60, ...MINUTE };
const CHANGES: LimitRule = { name: 'changes', limit: 'user', attempts: 60, ...MINUTE };
const WRONG_CLIENT_SECRETS: LimitRule = {
  name: 'client-secrets',
  limit: 'address',
  attempts: 10,
  ...MINUTE,
};
/** Address groups that have presented too many wrong client secrets. */
const MAX_BLOCKS = 10_000;

/**
 * Limits refreshes, changes of a user's own data, and wrong client secrets. No method rejects because Redis is
 * unavailable. One round trip each unless stated otherwise.
 */
@Injectable()
export class CallLimits {
  private readonly failedRefreshes: LimitRule;
  /** By key of the refusing counter: the refusal, and its end on the monotonic clock. */
  private readonly blocks = new LRUCache<string, { refusal: RateLimitedError; endMs: number }>({
    max: MAX_BLOCKS,
  });

  constructor(
    options: RateLimitOptions,
    private readonly counters: AttemptCounters,
  ) {
    this.failedRefreshes = {
      name: 'refresh-failures',
      limit: 'address',
      attempts: options.failedRefreshesPerAddress,
      ...MINUTE,
    };
  }

  /**
   * Admits a refresh. It counts for its address only if it fails.
   * @returns the state of the limit that is closest to being reached; null if limits are off.
   * @throws RateLimitedError
   */
  async admitRefresh(address: string): Promise<RateLimitState | null> {
    const ofAddress = checkOnly(countersOf(this.failedRefreshes, addressGroups(address)));
    return (await this.counters.admit(ofAddress)).state;
  }

  async refreshFailed(address: string): Promise<void> {
    await this.counters.note(countersOf(this.failedRefreshes, addressGroups(address)));
  }

  /**
   * Admits the use of a genuine refresh token, which writes rows.
   * @throws RateLimitedError
   */
  async admitRotation({ userId, tokenId }: { userId: string; tokenId: string }): Promise<void> {
    await this.counters.admit([
      counterOf(ROTATIONS, userId),
      counterOf(PER_REFRESH_TOKEN, tokenId),
    ]);
  }

  /**
   * Admits a change of a user's own data.
   * @returns as `admitRefresh`.
   * @throws RateLimitedError
   */
  async admitChange(userId: string): Promise<RateLimitState | null> {
    return (await this.counters.admit([counterOf(CHANGES, userId)])).state;
  }

  /**
   * Refuses an address that has sent too many wrong client secrets. No round trip: this process learns of a block when
   * it refuses a wrong secret itself. So the guesses per window are at most the limit plus one per process.
   * @throws RateLimitedError
   */
  admitClientSecret(address: string): void {
    for (const { key } of countersOf(WRONG_CLIENT_SECRETS, addressGroups(address))) {
      const block = this.blocks.get(key);
      const leftSeconds = block ? Math.ceil((block.endMs - performance.now()) / 1000) : 0;
      if (block && leftSeconds > 0) {
        const { limit, state } = block.refusal;
        const now = { ...state, resetSeconds: leftSeconds };
        this.counters.refuse(new RateLimitedError(limit, now));
      }
    }
  }

  /**
   * Counts a wrong client secret.
   * @throws RateLimitedError beyond the limit.
   */
  async clientSecretFailed(address: string): Promise<void> {
    try {
      await this.counters.admit(countersOf(WRONG_CLIENT_SECRETS, addressGroups(address)));
    } catch (error) {
      if (error instanceof RateLimitedError) {
        const endMs = performance.now() + error.retryAfterSeconds * 1000;
        this.blocks.set(error.counter, { refusal: error, endMs });
      }
      throw error;
    }
  }
}
