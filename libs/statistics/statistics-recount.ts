import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RedisClient, type RedisScript } from '#libs/redis';
import { syncKeys } from '#libs/sync';
import { Clock, InternalError } from '#libs/common';
import { STATISTICS_KEY } from './statistics.keys';
import type { SessionStatistics } from './statistics.service';

/** Keys that Redis looks at in one step, and the breath between two: other commands come first. */
const SCAN_COUNT = 500;
const PAUSE_MS = 5;
/** Keys that one script may touch: with 100 sessions a user, some milliseconds. */
const KEYS_A_SCRIPT = 10;

/** Counts what it owns for a recount. */
export interface Countable {
  /**
   * What has to be visited for one of the keys that Redis holds; null: not its key. Two keys may lead
   * to the same.
   */
  subjectOf(key: string): string | null;

  /**
   * Counts subjects that this recount has not met yet, and tidies them.
   * @returns how many members were removed; null when this recount is not under way in Redis.
   */
  recount(subjects: readonly string[], recount: string): Promise<number | null>;
}

/** What a recount found. */
export interface Recounted {
  /** By how much the counters were too high; negative: too low. */
  drift: SessionStatistics;
  /** Members of sessions hashes and indexes that nothing needed any more. */
  removedMembers: number;
}

/** Redis lost data, or somebody began another recount: nothing was changed, the next one counts. */
export class RecountInterruptedError extends InternalError {
  constructor() {
    super('the recount of the statistics was interrupted; the next one begins anew');
  }
}

/**
 * Counts again, key by key, what the scripts have counted, while they go on. Whatever it has met bears
 * its number, and from then on every change of it counts twice: for the old count and for the new
 * one, which takes the old one's place at the end.
 */
@Injectable()
export class StatisticsRecount {
  private readonly beginScript: RedisScript;
  private readonly finishScript: RedisScript;
  private readonly countables: Countable[] = [];

  constructor(
    private readonly redis: RedisClient,
    private readonly clock: Clock,
  ) {
    const load = (name: string) => redis.script(join(__dirname, 'scripts', `${name}.lua`));
    this.beginScript = load('begin-recount');
    this.finishScript = load('finish-recount');
  }

  /** Called once, at start, by each owner of keys that are counted. */
  register(countable: Countable): void {
    this.countables.push(countable);
  }

  /**
   * Takes about a second for 25,000 keys, most of it pauses.
   * @param signal ends it early, and then it changes nothing.
   * @throws RecountInterruptedError, DependencyUnavailableError, and the reason of the signal.
   */
  async run(signal?: AbortSignal): Promise<Recounted> {
    const begun = await this.beginScript([STATISTICS_KEY, syncKeys.position], []);
    if (begun === null) {
      throw new RecountInterruptedError();
    }
    const [number, era] = begun as [number, string];
    const removedMembers = await this.visitAll(String(number), signal);
    const drift = await this.finishScript(
      [STATISTICS_KEY, syncKeys.position],
      [number, era, this.clock.nowMs()],
    );
    if (drift === null) {
      throw new RecountInterruptedError();
    }
    const [activeSessions, cachedProfiles, blacklistedTokens] = drift as [number, number, number];
    return { drift: { activeSessions, cachedProfiles, blacklistedTokens }, removedMembers };
  }

  private async visitAll(recount: string, signal: AbortSignal | undefined): Promise<number> {
    let removedMembers = 0;
    let cursor = '0';
    do {
      signal?.throwIfAborted();
      const found = await this.redis.scan(cursor, SCAN_COUNT);
      for (const countable of this.countables) {
        removedMembers += await visit(countable, found.keys, recount);
      }
      cursor = found.cursor;
      await pause(PAUSE_MS);
    } while (cursor !== '0');
    return removedMembers;
  }
}

async function visit(
  countable: Countable,
  keys: readonly string[],
  recount: string,
): Promise<number> {
  const found = keys.map((key) => countable.subjectOf(key)).filter((subject) => subject !== null);
  const subjects = [...new Set(found)];
  let removedMembers = 0;
  for (let begin = 0; begin < subjects.length; begin += KEYS_A_SCRIPT) {
    const removed = await countable.recount(subjects.slice(begin, begin + KEYS_A_SCRIPT), recount);
    if (removed === null) {
      throw new RecountInterruptedError();
    }
    removedMembers += removed;
  }
  return removedMembers;
}
