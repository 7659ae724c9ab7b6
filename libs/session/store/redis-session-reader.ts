import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { Clock, turnLoader } from '#libs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { Tracer } from '#libs/tracing';
import type { Session } from '../session';
import { decodeEntry } from './session-entry';

/**
 * The state of a session in Redis. `unknown`: neither alive nor revoked; `expired`: according to Redis. For both,
 * Postgres may have a later state.
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

const UNKNOWN: Verification = { state: 'unknown' };

/** Sessions per script: it blocks Redis for about 1 ms. */
const MAX_BATCH = 200;

/**
 * Reads from Redis whether sessions are alive: one script for all requests of one turn of the event loop, so that under
 * load they share the cost of a round trip. On a Cluster one script for each partition, sent together to each node.
 */
@Injectable()
export class RedisSessionReader {
  private readonly script: RedisScript;
  private readonly alone: DataLoader<Question, Verification>;
  private readonly withCompanion: DataLoader<Question, Verification>;

  constructor(
    private readonly redis: RedisClient,
    tracer: Tracer,
    private readonly clock: Clock,
  ) {
    this.script = redis.script(join(__dirname, 'scripts', 'verify-sessions.lua'));
    const ask = (questions: readonly Question[]) => this.ask(questions);
    // A shared round trip would appear in the trace of one request only.
    const maxBatch = tracer.isOn ? 1 : MAX_BATCH;
    this.alone = turnLoader(ask, maxBatch);
    this.withCompanion = turnLoader(ask, maxBatch);
  }

  /**
   * One Redis round trip, which other requests may share.
   * @param epoch in which Redis is in sync.
   * @param profileKey a string key of the same user to read in the same round trip. Its value is returned for a live
   * session only, and null if it does not exist.
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

  /** All sessions of one call, either with or without the cached profile. */
  private async ask(questions: readonly Question[]): Promise<(Verification | Error)[]> {
    const { keys } = this.redis;
    if (keys.partitions === 1) {
      return this.askPartition(questions);
    }
    const answers = new Map<Question, Verification | Error>();
    const parts = keys.byPartition(questions, ({ userId }) => userId);
    const asked = [...parts.values()].map(async (part) => {
      try {
        const found = await this.askPartition(part);
        part.forEach((question, index) => answers.set(question, found[index] ?? UNKNOWN));
      } catch (error) {
        part.forEach((question) => answers.set(question, error as Error));
      }
    });
    await Promise.all(asked);
    return questions.map((question) => answers.get(question) ?? UNKNOWN);
  }

  private async askPartition(questions: readonly Question[]): Promise<Verification[]> {
    const redisKeys = this.redis.keys;
    const keys: string[] = [];
    const args: (string | number)[] = [this.clock.nowMs(), 0];
    for (const { userId, sessionId, epoch, profileKey } of questions) {
      keys.push(redisKeys.sessions(userId), redisKeys.tombstone(userId, sessionId));
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
