import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DependencyUnavailableError, ThrottledLog, type ClientClass } from '#libs/common';
import { serializeError } from '#libs/log';
import { RedisClient, type RedisScript } from '#libs/redis';
import type { Reading } from './attempt-counters';
import { counterName } from './counter';

const DAY_SECONDS = 86_400;
const REMEMBERED_SECONDS = 30 * DAY_SECONDS;
/** A mark that is older than a day is renewed. */
const FRESH_MS = (REMEMBERED_SECONDS - DAY_SECONDS) * 1000;
/** Marks in the memory of a process. */
const MAX_KEPT = 20_000;

/**
 * The address groups that have signed in within the last 30 days: one small key for each group, and one for each pair
 * of account and group. Each process caches recent marks, because during a flood it may not hear from Redis in time.
 */
@Injectable()
export class KnownClients {
  private readonly logger = new Logger('KnownClients');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly script: RedisScript;
  private readonly kept = new LRUCache<string, true>({ max: MAX_KEPT });

  constructor(private readonly redis: RedisClient) {
    this.script = redis.script(join(__dirname, 'scripts', 'remember-client.lua'));
  }

  /** The marks to read for a client: of the account with its party, and of the party. */
  marksOf(account: string | null, party: string): [known: string, familiar: string] {
    return [counterName('known', `${account ?? ''}\n${party}`), counterName('familiar', party)];
  }

  /**
   * @param marks in the order of `marksOf`.
   * @param readings of the marks.
   */
  classOf([known, familiar]: readonly string[], readings: readonly Reading[]): ClientClass {
    const [isKnown, isFamiliar] = [
      this.isSet(known, readings[0]),
      this.isSet(familiar, readings[1]),
    ];
    return isKnown ? 'known' : isFamiliar ? 'familiar' : 'stranger';
  }

  /** Whether the mark is recent enough to skip `remember`. */
  areFresh(readings: readonly Reading[]): boolean {
    return readings.every(({ leftMs }) => leftMs > FRESH_MS);
  }

  /** One Redis round trip. Never rejects. */
  async remember(account: string, party: string): Promise<void> {
    const marks = this.marksOf(account, party);
    marks.forEach((mark) => this.kept.set(mark, true));
    try {
      await this.script(
        marks.map((mark) => this.redis.keys.limit(mark)),
        [REMEMBERED_SECONDS],
      );
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        this.errors.write({ err: serializeError(error) }, 'a known client could not be recorded');
      }
    }
  }

  private isSet(mark = '', reading?: Reading): boolean {
    if (reading?.value) {
      this.kept.set(mark, true);
      return true;
    }
    return this.kept.get(mark) ?? false;
  }
}
