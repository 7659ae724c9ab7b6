import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import argon2 from 'argon2';
import pLimit from 'p-limit';
import { OverloadedError } from '#libs/common';
import { Metrics } from '#libs/metrics';
import { AuthOptions } from '../auth.options';
import { isArgon2idOf, type Argon2Parameters } from './hashes/argon2-hash';
import { parseHash } from './hashes/parse-hash';
import type { PasswordHash, UnusableHashError } from './hashes/password-hash';

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, 2 passes, 1 lane. */
const OWASP = { memoryKib: 19 * 1024, passes: 2, parallelism: 1 };

/**
 * One processor is left to whoever signs in with a token: hashing takes all that it gets. At most as many as
 * libuv's pool has threads; what is beyond waits here, where it is seen.
 */
export const THREADS = Math.min(4, Math.max(1, availableParallelism() - 1));

/** Some two seconds' work of one core. */
const MAX_WAITING = 64;

/**
 * Password hashes, made with argon2id, and checked whatever kind they are. Runs on the thread pool, some
 * 25 ms of a core a call; when too many wait for a thread, one more is refused with OverloadedError.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly logger = new Logger('PasswordHasher');
  private readonly parameters: Argon2Parameters;
  private readonly maxWaiting: number;
  private readonly onThread = pLimit(THREADS);
  private decoy!: PasswordHash;

  constructor(
    options: AuthOptions,
    private readonly metrics: Metrics,
  ) {
    const { memoryKib, passes, parallelism } = options.argon2 ?? OWASP;
    this.parameters = { memoryCost: memoryKib, timeCost: passes, parallelism };
    this.maxWaiting = options.passwords?.maxWaiting ?? MAX_WAITING;
    metrics.passwords.watchQueue(() => ({
      inProgress: this.onThread.activeCount,
      waiting: this.onThread.pendingCount,
    }));
  }

  async onModuleInit(): Promise<void> {
    this.decoy = parseHash(await this.hash(randomBytes(32).toString('hex')));
  }

  /** @throws OverloadedError */
  async hash(password: string): Promise<string> {
    return this.run('hash', () =>
      argon2.hash(password, { ...this.parameters, type: argon2.argon2id }),
    );
  }

  /**
   * @param hash null for an unknown account: then a decoy is checked, so that the answer takes the
   * same work and its time does not tell which accounts exist. The decoy costs what our own hashes cost: a
   * hash of another system takes its own time, and so may tell of its account, until the first sign-in
   * has replaced it.
   * @throws OverloadedError
   */
  async verify(hash: string | null, password: string): Promise<boolean> {
    const stored = hash === null ? null : this.read(hash);
    const matches = await this.run('verify', () => (stored ?? this.decoy).verify(password));
    return stored !== null && matches;
  }

  /** True unless the hash is what `hash` makes today. */
  isOutdated(hash: string): boolean {
    return !isArgon2idOf(hash, this.parameters);
  }

  /** Nobody signs in by a hash that cannot be read: that is a fault of ours, and no news for the client. */
  private read(hash: string): PasswordHash | null {
    try {
      return parseHash(hash);
    } catch (error) {
      const reason = (error as UnusableHashError).message;
      this.logger.error({ reason }, 'a stored password hash cannot be used');
      return null;
    }
  }

  private async run<T>(operation: 'hash' | 'verify', work: () => Promise<T>): Promise<T> {
    if (this.onThread.pendingCount >= this.maxWaiting) {
      this.metrics.passwords.refuse();
      throw new OverloadedError();
    }
    return this.onThread(() => this.metrics.passwords.measure(operation, work));
  }
}
