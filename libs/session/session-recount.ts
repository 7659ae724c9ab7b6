import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '#libs/common';
import { StatisticsRecount } from '#libs/statistics';
import { RedisSessionStore } from './store/redis-session.store';
import { sessionKeys } from './store/session.keys';

/** Takes part in every recount of the statistics with what sessions leave in Redis. */
@Injectable()
export class SessionRecount implements OnModuleInit {
  constructor(
    private readonly statisticsRecount: StatisticsRecount,
    private readonly redis: RedisSessionStore,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.statisticsRecount.register({
      subjectOf: sessionKeys.userOf,
      recount: (userIds, recount) =>
        this.redis.recountSessions(userIds, recount, this.clock.nowMs()),
    });
    this.statisticsRecount.register({
      subjectOf: (key) => (sessionKeys.isTombstone(key) ? key : null),
      recount: (keys, recount) => this.redis.recountTombstones(keys, recount),
    });
  }
}
