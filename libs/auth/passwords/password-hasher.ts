import { availableParallelism, cpus } from 'node:os';
import { Injectable, Logger } from '@nestjs/common';
import argon2 from 'argon2';
import pLimit from 'p-limit';
import {
  FairQueue,
  isThreadPoolBelowEventLoop,
  OverloadedError,
  type Admission,
} from '#libs/common';
import { errorText } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { AuthOptions } from '../auth.options';
import { argon2Decoy, isArgon2idOf, type Argon2Parameters } from './hashes/argon2-hash';
import { parseHash } from './hashes/parse-hash';
import type { PasswordHash } from './hashes/password-hash';

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, 2 passes, 1 lane. */
const OWASP = { memoryKib: 19 * 1024, passes: 2, parallelism: 1 };

/** What is beyond would wait for a thread of libuv's pool; it waits here, where it is seen. */
const POOL_SIZE = 4;

/**
 * How many passwords are hashed at once. Hashing takes all that it gets: a processor is left to whoever comes with
 * a token, unless hashing is below the event loop and the process has the whole machine. Where it has a share,
 * what one of its threads takes the others lack, whatever their priority.
 * @param processors that the process may use.
 * @param machine processors that there are.
 */
export function hashingThreads(
  processors = availableParallelism(),
  machine = cpus().length,
  isBelow = isThreadPoolBelowEventLoop(),
): number {
  const usable = isBelow && processors >= machine ? processors : processors - 1;
  return Math.min(POOL_SIZE, Math.max(1, usable));
}

/** Some two seconds' work of one core. */
const MAX_WAITING = 64;

/** Attempts under way for each thread: one is hashed, another asks Postgres for its account meanwhile. */
const ATTEMPTS_PER_THREAD = 2;

/**
 * Password hashes, made with argon2id, and checked whatever kind they are. Runs on the thread pool, some
 * 25 ms of a core a call. An attempt that hashes takes its turn in a fair queue, with all else that it does: so a
 * flood of attempts holds a few connections to Postgres, and no more.
 */
@Injectable()
export class PasswordHasher {
  private readonly logger = new Logger('PasswordHasher');
  private readonly parameters: Argon2Parameters;
  private readonly onThread = pLimit(hashingThreads());
  private readonly turns: FairQueue;
  private readonly decoy: PasswordHash;

  constructor(
    options: AuthOptions,
    private readonly metrics: Metrics,
  ) {
    const { memoryKib, passes, parallelism } = options.argon2 ?? OWASP;
    this.parameters = { memoryCost: memoryKib, timeCost: passes, parallelism };
    this.turns = new FairQueue(
      ATTEMPTS_PER_THREAD * this.onThread.concurrency,
      options.passwords?.maxWaiting ?? MAX_WAITING,
    );
    this.decoy = argon2Decoy(this.parameters);
    metrics.passwords.watchQueue(() => ({
      inProgress: this.onThread.activeCount,
      waiting: this.turns.waiting + this.onThread.pendingCount,
    }));
  }

  /**
   * Does an attempt, with the hashing in it, when its turn has come. Not to be called within another one.
   * @throws OverloadedError when too many wait whose turn comes first.
   */
  async inTurn<T>(admission: Admission, attempt: () => Promise<T>): Promise<T> {
    try {
      return await this.turns.run(admission, attempt);
    } catch (error) {
      if (error instanceof OverloadedError) {
        this.metrics.passwords.refuse();
      }
      throw error;
    }
  }

  /** To be called in turn. */
  async hash(password: string): Promise<string> {
    return this.run('hash', () =>
      argon2.hash(password, { ...this.parameters, type: argon2.argon2id }),
    );
  }

  /**
   * @param hash null for an unknown account: then a decoy is checked, so that the answer takes the
   * same work and its time does not tell which accounts exist. The decoy costs what our own hashes cost: a
   * hash of another system takes its own time, and so may tell of its account, until the first sign-in
   * has replaced it. A hash that cannot be checked for a technical reason matches no password: the reason
   * is logged as an error, and the decoy is checked in its place. To be called in turn.
   */
  async verify(hash: string | null, password: string): Promise<boolean> {
    const stored = hash === null ? null : this.read(hash);
    return this.run('verify', () => this.check(stored, password));
  }

  /** True unless the hash is what `hash` makes today. */
  isOutdated(hash: string): boolean {
    return !isArgon2idOf(hash, this.parameters);
  }

  private async check(stored: PasswordHash | null, password: string): Promise<boolean> {
    try {
      if (stored) {
        return await stored.verify(password);
      }
    } catch (error) {
      this.reportUnusable(error);
    }
    await this.decoy.verify(password);
    return false;
  }

  /** @returns null for a hash that cannot be read: a fault of the record, which the client must not learn of. */
  private read(hash: string): PasswordHash | null {
    try {
      return parseHash(hash);
    } catch (error) {
      this.reportUnusable(error);
      return null;
    }
  }

  private reportUnusable(error: unknown): void {
    this.logger.error({ reason: errorText(error) }, 'a stored password hash cannot be used');
  }

  private async run<T>(operation: 'hash' | 'verify', work: () => Promise<T>): Promise<T> {
    return this.onThread(() => this.metrics.passwords.measure(operation, work));
  }
}
