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
/** Of address groups that have presented too many wrong client secrets. */
const MAX_BLOCKS = 10_000;

/**
 * How often a client may refresh, change what is its own, and present a wrong client secret. Nothing here rejects for
 * Redis being away. One round trip each where nothing else is said.
 */
@Injectable()
export class CallLimits {
  private readonly failedRefreshes: LimitRule;
  /** By key of the counter that refused: the refusal, and when it is over on the monotonic clock. */
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
   * Lets a refresh go on. For its address it counts when it has failed.
   * @returns of the limit that is closest; null without limits.
   * @throws RateLimitedError
   */
  async admitRefresh(address: string): Promise<RateLimitState | null> {
    const ofAddress = checkOnly(countersOf(this.failedRefreshes, addressGroups(address)));
    return (await this.counters.admit(ofAddress)).state;
  }

  async refreshFailed(address: string): Promise<void> {
    await this.counters.note(countersOf(this.failedRefreshes, addressGroups(address)));
  }

  /** Lets a genuine refresh token be used, which writes rows. @throws RateLimitedError */
  async admitRotation({ userId, tokenId }: { userId: string; tokenId: string }): Promise<void> {
    await this.counters.admit([
      counterOf(ROTATIONS, userId),
      counterOf(PER_REFRESH_TOKEN, tokenId),
    ]);
  }

  /** Lets a user change what is its own. @returns as `admitRefresh`. @throws RateLimitedError */
  async admitChange(userId: string): Promise<RateLimitState | null> {
    return (await this.counters.admit([counterOf(CHANGES, userId)])).state;
  }

  /**
   * Refuses an address from which too many wrong client secrets have come. No round trip: this process knows of a block
   * when it has refused a wrong secret itself. So the guesses in a window are at most the limit and one for each process.
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

  /** Counts a wrong client secret. @throws RateLimitedError beyond the limit. */
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
