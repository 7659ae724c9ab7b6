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
export const DEFAULT_COST = { memoryKib: 19 * 1024, passes: 2, parallelism: 1 };

/** Further hashing would wait for a thread of libuv's pool; it waits here, where it is measured. */
const POOL_SIZE = 4;

/**
 * How many passwords are hashed at once. One processor is left to requests with a token, unless hashing has a lower
 * priority than the event loop and the process has the whole machine. With a share of the machine, time that a hashing
 * thread uses is missing elsewhere, at any priority.
 * @param processors that the process may use.
 * @param machine processors of the machine.
 */
export function hashingThreads(
  processors = availableParallelism(),
  machine = cpus().length,
  isBelow = isThreadPoolBelowEventLoop(),
): number {
  const usable = isBelow && processors >= machine ? processors : processors - 1;
  return Math.min(POOL_SIZE, Math.max(1, usable));
}

/** About two seconds of work on one core. */
const MAX_WAITING = 64;

/** Concurrent attempts per thread: one is hashing while another reads its account from Postgres. */
const ATTEMPTS_PER_THREAD = 2;

/**
 * Creates password hashes with argon2id, and verifies hashes of all kinds. Runs on the thread pool, about 25 ms of a
 * core per call. A whole attempt takes its turn in a fair queue: so a flood of attempts uses a few connections to
 * Postgres, and no more.
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
    const { memoryKib, passes, parallelism } = options.argon2 ?? DEFAULT_COST;
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
   * Runs an attempt that hashes, in its turn. Do not nest calls.
   * @throws OverloadedError if too many attempts with an earlier turn wait.
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

  /** Call it within `inTurn`. */
  async hash(password: string): Promise<string> {
    return this.run('hash', () =>
      argon2.hash(password, { ...this.parameters, type: argon2.argon2id }),
    );
  }

  /**
   * Verifies a password. Call it within `inTurn`.
   * @param hash null for an unknown account: a decoy is then verified, so that the duration does not reveal which
   * accounts exist. The decoy costs as much as hashes of this system; an imported hash takes its own time, which may
   * reveal its account until the first sign-in has replaced it. A hash that cannot be verified for a technical reason
   * matches no password: the reason is logged as an error, and the decoy is verified instead.
   */
  async verify(hash: string | null, password: string): Promise<boolean> {
    const stored = hash === null ? null : this.read(hash);
    return this.run('verify', () => this.check(stored, password));
  }

  /** True unless the hash has the parameters that `hash` uses today. */
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

  /** @returns null for an unreadable hash: corrupt data, which the client must not learn of. */
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
