import { Injectable } from '@nestjs/common';
import { Settings } from '#libs/config';
import type { JobWork } from '#libs/jobs';
import { CLEAN_UP, CleanUp } from '../../clean-up';
import { REDIS_CHECK, RedisCheck } from '../../redis-check';

/** Something that is done by the clock. */
export interface ScheduledJob {
  name: string;
  /** Cron expression, UTC; null: switched off. */
  cron: string | null;
  work: JobWork<object>;
  /** Done even while Postgres cannot say who does it, then by every instance. */
  worksWithoutPostgres: boolean;
}

/** The jobs of this program and when they are due. */
@Injectable()
export class ScheduledJobs {
  readonly all: readonly ScheduledJob[];

  constructor(settings: Settings, cleanUp: CleanUp, redisCheck: RedisCheck) {
    this.all = [
      {
        name: CLEAN_UP,
        cron: settings.cleanUpCron,
        work: (signal) => cleanUp.run(signal),
        worksWithoutPostgres: false,
      },
      {
        name: REDIS_CHECK,
        cron: settings.redisCheckCron,
        work: () => redisCheck.run(),
        worksWithoutPostgres: true,
      },
    ];
  }
}
