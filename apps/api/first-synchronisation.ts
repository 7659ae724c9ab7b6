import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { InternalError } from '#libs/common';
import { RedisClient } from '#libs/redis';
import { SyncLease } from '#libs/sync';

const DEADLINE_MS = 2000;

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
    const timer = new AbortController();
    await Promise.race([
      this.syncLease.acquired(),
      new Promise<void>((resolve) => this.redis.onDisconnected(resolve)),
      pause(DEADLINE_MS, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
    const reason = this.redis.awayReason;
    if (reason?.code === 'too_old') {
      throw new InternalError(reason.message.replace(/\.$/, ''));
    }
    if (this.syncLease.epoch() === null) {
      this.logger.warn('Redis is away: starting without it, Postgres answers');
    }
  }
}
