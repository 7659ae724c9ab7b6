import { Injectable } from '@nestjs/common';
import { Settings } from '#libs/config';
import type { JobWork } from '#libs/jobs';
import { Metrics } from '#libs/metrics';
import { CLEAN_UP, CleanUp, type CleanedUp } from '../../clean-up';
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

  constructor(
    settings: Settings,
    cleanUp: CleanUp,
    redisCheck: RedisCheck,
    private readonly metrics: Metrics,
  ) {
    this.all = [
      {
        name: CLEAN_UP,
        cron: settings.cleanUpCron,
        work: (signal) => this.measured(cleanUp.run(signal)),
        worksWithoutPostgres: false,
      },
      {
        name: REDIS_CHECK,
        cron: settings.redisCheckCron,
        work: () => this.countedIfItFails(redisCheck.run()),
        worksWithoutPostgres: true,
      },
    ];
  }

  private async measured(cleaning: Promise<CleanedUp>): Promise<CleanedUp> {
    const cleanedUp = await cleaning;
    const { jobs } = this.metrics;
    jobs.removed(CLEAN_UP, 'sessions', cleanedUp.deletedSessions);
    jobs.removed(CLEAN_UP, 'avatar_files', cleanedUp.removedAvatarFiles);
    jobs.removed(CLEAN_UP, 'audit_events', cleanedUp.deletedAuditEvents);
    jobs.removed(CLEAN_UP, 'redis_members', cleanedUp.removedMembers);
    jobs.removed(CLEAN_UP, 'job_runs', cleanedUp.forgottenJobRuns);
    jobs.drifted('active_sessions', cleanedUp.drift.activeSessions);
    jobs.drifted('cached_profiles', cleanedUp.drift.cachedProfiles);
    jobs.drifted('blacklisted_tokens', cleanedUp.drift.blacklistedTokens);
    return cleanedUp;
  }

  private async countedIfItFails<T>(checking: Promise<T>): Promise<T> {
    try {
      return await checking;
    } catch (error) {
      this.metrics.jobs.redisCheckFailed();
      throw error;
    }
  }
}
