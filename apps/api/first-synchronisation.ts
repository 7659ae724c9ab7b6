import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { endedWithin, InternalError } from '#libs/common';
import { RedisClient } from '#libs/redis';
import { SyncLease } from '#libs/sync';

const TIMEOUT_MS = 2000;

/**
 * Lets the first request find Redis in sync, where there is one. Without Redis the
 * service starts all the same, and answers from Postgres. A Redis that is too old ends the start: no
 * time makes it good.
 */
@Injectable()
export class FirstSynchronisation implements OnApplicationBootstrap {
  private readonly logger = new Logger('Start');

  constructor(
    private readonly redis: RedisClient,
    private readonly syncLease: SyncLease,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const disconnected = new Promise<void>((resolve) => this.redis.onDisconnected(resolve));
    await endedWithin(Promise.race([this.syncLease.acquired(), disconnected]), TIMEOUT_MS);
    const reason = this.redis.awayReason;
    if (reason?.code === 'too_old') {
      throw new InternalError(reason.message.replace(/\.$/, ''));
    }
    if (this.syncLease.epoch() === null) {
      this.logger.warn('Redis is away: starting without it, Postgres answers');
    }
  }
}
