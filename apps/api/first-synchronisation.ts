import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { endedWithin, InternalError } from '#libs/common';
import { RedisClient } from '#libs/redis';
import { SyncLeases } from '#libs/sync';

const TIMEOUT_MS = 2000;

/**
 * Waits until Redis is in sync, so that Redis can answer the first request. Without Redis the service starts all the
 * same and answers from Postgres. An outdated Redis ends the start: waiting does not help.
 */
@Injectable()
export class FirstSynchronisation implements OnApplicationBootstrap {
  private readonly logger = new Logger('Start');

  constructor(
    private readonly redis: RedisClient,
    private readonly leases: SyncLeases,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const disconnected = new Promise<void>((resolve) => this.redis.onDisconnected(() => resolve()));
    await endedWithin(Promise.race([this.leases.allAcquired(), disconnected]), TIMEOUT_MS);
    const reason = this.redis.awayReason;
    if (reason?.code === 'too_old') {
      throw new InternalError(reason.message.replace(/\.$/, ''));
    }
    if (this.leases.heldPartitions().length === 0) {
      this.logger.warn('Redis is unavailable: starting without it; Postgres answers requests');
    }
  }
}
