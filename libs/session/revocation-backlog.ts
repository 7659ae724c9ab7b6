import { Injectable } from '@nestjs/common';
import type { UnrecordedRevocations } from '#libs/sync';
import type { RevocationReason } from './session';
import { RedisSessionStore, type UnrecordedNote } from './store/redis-session.store';
import { SessionRevocationStore, type PastRevocation } from './store/session-revocation.store';

export interface UnrecordedRevocation extends PastRevocation {
  userId: string;
}

/** Revocations that one statement records. */
const BATCH = 500;

/**
 * Revocations that were put into Redis while Postgres was away. They are kept twice until the record
 * has them: in Redis, for whichever instance reaches Postgres first, and in this process, which
 * refuses their tokens even if Redis is lost meanwhile.
 */
@Injectable()
export class RevocationBacklog implements UnrecordedRevocations {
  private readonly remembered = new Map<string, UnrecordedRevocation>();

  constructor(
    private readonly record: SessionRevocationStore,
    private readonly redis: RedisSessionStore,
  ) {}

  remember(revocation: UnrecordedRevocation): void {
    this.remembered.set(revocation.sessionId, revocation);
  }

  remembers(sessionId: string): boolean {
    return this.remembered.has(sessionId);
  }

  /** @throws DependencyUnavailableError while Postgres is away; then they are still remembered. */
  async recordRemembered(): Promise<void> {
    const batch = [...this.remembered.values()].slice(0, BATCH);
    if (batch.length > 0) {
      await this.record.recordRevocations(batch);
      batch.forEach(({ sessionId }) => this.remembered.delete(sessionId));
    }
  }

  /** @throws DependencyUnavailableError while a store is away; then Redis still keeps them. */
  async recordKept(): Promise<void> {
    const kept = Object.entries(await this.redis.unrecorded()).slice(0, BATCH);
    const revocations = kept.map(([field, value]) => fromNote({ field, value }));
    await this.record.recordRevocations(revocations.filter((revocation) => revocation !== null));
    await this.redis.forgetUnrecorded(kept.map(([field]) => field));
  }
}

export function toNote(revocation: UnrecordedRevocation): UnrecordedNote {
  const { userId, sessionId, reason, revokedAtMs } = revocation;
  return { field: `${userId}:${sessionId}`, value: `${reason}|${revokedAtMs}` };
}

/** @returns null for what `toNote` did not make. */
function fromNote({ field, value }: UnrecordedNote): UnrecordedRevocation | null {
  const [userId, sessionId] = field.split(':');
  const [reason, revokedAtMs] = value.split('|');
  return userId && sessionId && reason && revokedAtMs
    ? {
        userId,
        sessionId,
        reason: reason as RevocationReason,
        revokedAtMs: Number(revokedAtMs),
      }
    : null;
}
