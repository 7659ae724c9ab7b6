import { Injectable, Logger } from '@nestjs/common';
import { AuditEvents } from '#libs/audit';
import { AvatarOrphans } from '#libs/avatar';
import { errorText } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { SessionCleanUp, type DeletedSessions } from '#libs/session';
import { MaintenanceOptions } from './maintenance.options';

/** How much a clean-up has removed. */
export interface CleanedUp extends DeletedSessions {
  removedAvatarFiles: number;
  deletedAuditEvents: number;
  /** Expired sessions in Redis. */
  removedRedisSessions: number;
}

/** The name under which it runs, on one instance at a time. */
export const CLEAN_UP = 'clean-up';

/** Labels of what is taken away. */
const REMOVED = {
  deletedSessions: 'sessions',
  deletedRefreshTokens: 'refresh_tokens',
  removedAvatarFiles: 'avatar_files',
  deletedAuditEvents: 'audit_events',
  removedRedisSessions: 'redis_sessions',
} as const satisfies Record<keyof CleanedUp, string>;

type Step = (signal: AbortSignal) => Promise<Partial<CleanedUp>>;

/** Removes expired and orphaned data in bounded batches. No refusal depends on it. */
@Injectable()
export class CleanUp {
  private readonly logger = new Logger('CleanUp');
  private readonly steps: Record<string, Step>;

  constructor(
    sessions: SessionCleanUp,
    avatars: AvatarOrphans,
    audit: AuditEvents,
    { auditRetentionSeconds }: MaintenanceOptions,
    private readonly metrics: Metrics,
  ) {
    this.steps = {
      'records of sessions': (signal) => sessions.deleteRecords(signal),
      'files of avatars': async (signal) => ({ removedAvatarFiles: await avatars.remove(signal) }),
      'audit events': async (signal) => ({
        deletedAuditEvents: await audit.deleteOld(auditRetentionSeconds, signal),
      }),
      'sessions in Redis': async (signal) => ({
        removedRedisSessions: await sessions.removeExpired(signal),
      }),
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
  private measure(removed: Partial<CleanedUp>): void {
    for (const [what, count] of Object.entries(removed)) {
      this.metrics.jobs.removed(CLEAN_UP, REMOVED[what as keyof typeof REMOVED], count);
    }
  }
}
