import { Injectable, Logger } from '@nestjs/common';
import { AuditEvents } from '#libs/audit';
import { AvatarOrphans } from '#libs/avatar';
import { Clock, deleteInBatches } from '#libs/common';
import { errorText } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { SessionCleanUp, type DeletedSessions } from '#libs/session';
import { InvitationRepository } from '#libs/user';
import { MaintenanceOptions } from './maintenance.options';

/** What a clean-up has removed. */
export interface CleanedUp extends DeletedSessions {
  removedAvatarFiles: number;
  deletedAuditEvents: number;
  /** Expired, not used. */
  deletedInvitations: number;
  /** Expired sessions in Redis. */
  removedRedisSessions: number;
}

/** Name of the job and of its lock. */
export const CLEAN_UP = 'clean-up';

/** Metric labels of the removed items. */
const REMOVED = {
  deletedSessions: 'sessions',
  deletedRefreshTokens: 'refresh_tokens',
  removedAvatarFiles: 'avatar_files',
  deletedAuditEvents: 'audit_events',
  deletedInvitations: 'invitations',
  removedRedisSessions: 'redis_sessions',
} as const satisfies Record<keyof CleanedUp, string>;

type Step = (signal: AbortSignal) => Promise<Partial<CleanedUp>>;

/** Removes expired and orphaned data in bounded batches. Security does not depend on it. */
@Injectable()
export class CleanUp {
  private readonly logger = new Logger('CleanUp');
  private readonly steps: Record<string, Step>;

  constructor(
    sessions: SessionCleanUp,
    avatars: AvatarOrphans,
    audit: AuditEvents,
    invitations: InvitationRepository,
    clock: Clock,
    { auditRetentionSeconds }: MaintenanceOptions,
    private readonly metrics: Metrics,
  ) {
    this.steps = {
      'records of sessions': (signal) => sessions.deleteRecords(signal),
      'files of avatars': async (signal) => ({ removedAvatarFiles: await avatars.remove(signal) }),
      'audit events': async (signal) => ({
        deletedAuditEvents: await audit.deleteOld(auditRetentionSeconds, signal),
      }),
      invitations: async (signal) => ({
        deletedInvitations: await deleteInBatches(
          (limit) => invitations.deleteExpired(clock.nowMs(), limit),
          signal,
        ),
      }),
      'sessions in Redis': async (signal) => ({
        removedRedisSessions: await sessions.removeExpired(signal),
      }),
    };
  }

  /**
   * Runs all steps; an unavailable store only skips the steps that need it. Finished steps stay finished, so a run may
   * be aborted at any time and repeated.
   * @throws the first error, after all steps; the reason of the signal, immediately.
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

  /** Called after each step, so that the counts include the steps beside a failed one. */
  private measure(removed: Partial<CleanedUp>): void {
    for (const [what, count] of Object.entries(removed)) {
      this.metrics.jobs.removed(CLEAN_UP, REMOVED[what as keyof typeof REMOVED], count);
    }
  }
}
