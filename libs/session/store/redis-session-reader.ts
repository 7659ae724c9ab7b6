import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { Clock, turnLoader } from '#libs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { Tracer } from '#libs/tracing';
import type { Session } from '../session';
import { decodeEntry } from './session-entry';
import { sessionKeys } from './session.keys';

/**
 * What Redis knows of a session. `unknown`: neither alive nor revoked; `expired`: as far as Redis
 * knows. Of both Postgres may know more.
 */
export type Verification =
  | { state: 'live'; session: Session; cachedProfile: string | null }
  | { state: 'revoked' }
  | { state: 'expired' | 'unknown' };

interface Question {
  userId: string;
  sessionId: string;
  epoch: string;
  profileKey: string | undefined;
}

type Reply = [code: number, entry?: string, cachedProfile?: string | null];

/** Sessions that one script looks at: Redis does nothing else meanwhile, for about a millisecond. */
const MAX_BATCH = 200;

/**
 * Asks Redis whether sessions are alive: one script for all who ask in one turn of the event loop, so
 * that under load most of a round trip's cost is shared. Redis Cluster would want one for each.
 */
@Injectable()
export class RedisSessionReader {
  private readonly script: RedisScript;
  private readonly alone: DataLoader<Question, Verification>;
  private readonly withCompanion: DataLoader<Question, Verification>;

  constructor(
    redis: RedisClient,
    tracer: Tracer,
    private readonly clock: Clock,
  ) {
    this.script = redis.script(join(__dirname, 'scripts', 'verify-sessions.lua'));
    const ask = (questions: readonly Question[]) => this.ask(questions);
    // A round trip that many share would show in the trace of one of them only.
    const maxBatch = tracer.isOn ? 1 : MAX_BATCH;
    this.alone = turnLoader(ask, maxBatch);
    this.withCompanion = turnLoader(ask, maxBatch);
  }

  /**
   * One Redis round trip, which others may share.
   * @param epoch in which Redis is in sync.
   * @param profileKey a string key of the same user to read in the same round trip; its value is
   * returned for a live session only, and null where it does not exist.
   * @throws DependencyUnavailableError
   */
  verify(
    userId: string,
    sessionId: string,
    epoch: string,
    profileKey?: string,
  ): Promise<Verification> {
    const batch = profileKey === undefined ? this.alone : this.withCompanion;
    return batch.load({ userId, sessionId, epoch, profileKey });
  }

  /** All of them with a cachedProfile, or none. */
  private async ask(questions: readonly Question[]): Promise<Verification[]> {
    const keys: string[] = [];
    const args: (string | number)[] = [this.clock.nowMs(), 0];
    for (const { userId, sessionId, epoch, profileKey } of questions) {
      keys.push(sessionKeys.sessions(userId), sessionKeys.tombstone(userId, sessionId));
      if (profileKey !== undefined) {
        keys.push(profileKey);
      }
      args.push(sessionId, epoch);
    }
    args[1] = keys.length / questions.length;
    const replies = (await this.script(keys, args)) as Reply[];
    return questions.map(({ userId, sessionId }, index) =>
      readReply(userId, sessionId, replies[index] ?? [0]),
    );
  }
}

function readReply(
  userId: string,
  sessionId: string,
  [code, entry, cachedProfile]: Reply,
): Verification {
  if (code === 1 && entry !== undefined) {
    const session = decodeEntry(userId, sessionId, entry);
    return { state: 'live', session, cachedProfile: cachedProfile ?? null };
  }
  return { state: code === 0 ? 'unknown' : code === -2 ? 'expired' : 'revoked' };
}
