import { Injectable, Logger } from '@nestjs/common';
import { AuditEvents } from '#libs/audit';
import { AvatarOrphans } from '#libs/avatar';
import { Settings } from '#libs/config';
import { errorText } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { SessionService } from '#libs/session';
import { StatisticsRecount, type SessionStatistics } from '#libs/statistics';

/** What a clean-up took away, and by how much the statistics were wrong before. */
export interface CleanedUp {
  deletedSessions: number;
  deletedRefreshTokens: number;
  removedAvatarFiles: number;
  deletedAuditEvents: number;
  /** Of sessions hashes and indexes in Redis. */
  removedMembers: number;
  /** By how much the counters of the statistics were too high; negative: too low. */
  drift: SessionStatistics;
}

/** The name under which it runs, on one instance at a time. */
export const CLEAN_UP = 'clean-up';

/** Labels of what is taken away. */
const REMOVED = {
  deletedSessions: 'sessions',
  deletedRefreshTokens: 'refresh_tokens',
  removedAvatarFiles: 'avatar_files',
  deletedAuditEvents: 'audit_events',
  removedMembers: 'redis_members',
} as const satisfies Record<Exclude<keyof CleanedUp, 'drift'>, string>;

type Step = (signal: AbortSignal) => Promise<Partial<CleanedUp>>;

/** What nobody needs any more goes, in bounded batches. Nothing that is refused depends on it. */
@Injectable()
export class CleanUp {
  private readonly logger = new Logger('CleanUp');
  private readonly steps: Record<string, Step>;

  constructor(
    sessions: SessionService,
    avatars: AvatarOrphans,
    audit: AuditEvents,
    statistics: StatisticsRecount,
    { auditRetentionSeconds }: Settings,
    private readonly metrics: Metrics,
  ) {
    this.steps = {
      'records of sessions': (signal) => sessions.cleanUp(signal),
      'files of avatars': async (signal) => ({ removedAvatarFiles: await avatars.remove(signal) }),
      'security events': async (signal) => ({
        deletedAuditEvents: await audit.deleteOld(auditRetentionSeconds, signal),
      }),
      statistics: (signal) => statistics.run(signal),
    };
  }

  /**
   * Does all that can be done: a store that is away stops only what needs it. What was done stays
   * done, so it may be broken off at any time and begun again.
   * @throws the first error, when all has been tried; the reason of the signal, at once.
   */
  async run(signal: AbortSignal): Promise<CleanedUp> {
    const cleanedUp: Partial<CleanedUp> = {};
    const errors: unknown[] = [];
    for (const [what, step] of Object.entries(this.steps)) {
      signal.throwIfAborted();
      try {
        const done = await step(signal);
        this.measure(done);
        Object.assign(cleanedUp, done);
      } catch (error) {
        signal.throwIfAborted();
        this.logger.warn(`could not clean up ${what}: ${errorText(error)}`);
        errors.push(error);
      }
    }
    if (errors.length > 0) {
      throw errors[0];
    }
    return cleanedUp as CleanedUp;
  }

  /** Step by step: also what was done beside a step that failed. */
  private measure({ drift, ...removed }: Partial<CleanedUp>): void {
    const { jobs } = this.metrics;
    for (const [what, count] of Object.entries(removed)) {
      jobs.removed(CLEAN_UP, REMOVED[what as keyof typeof REMOVED], count);
    }
    if (drift) {
      jobs.corrected('active_sessions', drift.activeSessions);
      jobs.corrected('cached_profiles', drift.cachedProfiles);
      jobs.corrected('blacklisted_tokens', drift.blacklistedTokens);
    }
  }
}
