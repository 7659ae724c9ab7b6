import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DependencyUnavailableError, ThrottledLog, type ClientClass } from '#libs/common';
import { serializeError } from '#libs/log';
import { RedisClient, type RedisScript } from '#libs/redis';
import type { Reading } from './attempt-counters';
import { keyOf } from './counter';

const DAY_SECONDS = 86_400;
const REMEMBERED_SECONDS = 30 * DAY_SECONDS;
/** A mark that is older than a day is written anew. */
const FRESH_MS = (REMEMBERED_SECONDS - DAY_SECONDS) * 1000;
/** Marks that a process keeps. */
const MAX_KEPT = 20_000;

/**
 * Which address groups have signed in, in the last 30 days: one small key for each, and one for each account
 * together with the group. Each process keeps the marks that it has seen lately: a flood that it is hardly a match for
 * may keep it from hearing Redis in time.
 */
@Injectable()
export class KnownClients {
  private readonly logger = new Logger('KnownClients');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly script: RedisScript;
  private readonly kept = new LRUCache<string, true>({ max: MAX_KEPT });

  constructor(redis: RedisClient) {
    this.script = redis.script(join(__dirname, 'scripts', 'remember-client.lua'));
  }

  /** What to read to know a client: of the account and party, and of the party. */
  keysOf(account: string | null, party: string): [known: string, familiar: string] {
    return [keyOf('known', `${account ?? ''}\n${party}`), keyOf('familiar', party)];
  }

  /**
   * @param marks as `keysOf` names them.
   * @param readings of the marks.
   */
  classOf([known, familiar]: readonly string[], readings: readonly Reading[]): ClientClass {
    const [isKnown, isFamiliar] = [
      this.isSet(known, readings[0]),
      this.isSet(familiar, readings[1]),
    ];
    return isKnown ? 'known' : isFamiliar ? 'familiar' : 'stranger';
  }

  /** Whether `remember` would change little. */
  areFresh(readings: readonly Reading[]): boolean {
    return readings.every(({ leftMs }) => leftMs > FRESH_MS);
  }

  /** One Redis round trip. Never rejects. */
  async remember(account: string, party: string): Promise<void> {
    const marks = this.keysOf(account, party);
    marks.forEach((mark) => this.kept.set(mark, true));
    try {
      await this.script(marks, [REMEMBERED_SECONDS]);
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        this.errors.write({ err: serializeError(error) }, 'a client could not be remembered');
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
