import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import argon2 from 'argon2';
import pLimit from 'p-limit';
import { Metrics } from '#libs/metrics';
import { AuthOptions } from './auth.options';

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, 2 passes, 1 lane. */
const OWASP = { memoryKib: 19 * 1024, passes: 2, parallelism: 1 };

/** As many as libuv's thread pool has threads: what is beyond them waits here, where it is seen. */
const THREADS = 4;

/** Password hashes in PHC string form. Runs on the thread pool, some 25 ms of a core a call. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly parameters: { memoryCost: number; timeCost: number; parallelism: number };
  private readonly onThread = pLimit(THREADS);
  private decoy = '';

  constructor(
    options: AuthOptions,
    private readonly metrics: Metrics,
  ) {
    const { memoryKib, passes, parallelism } = options.argon2 ?? OWASP;
    this.parameters = { memoryCost: memoryKib, timeCost: passes, parallelism };
    metrics.passwords.watchQueue(() => ({
      inProgress: this.onThread.activeCount,
      waiting: this.onThread.pendingCount,
    }));
  }

  async onModuleInit(): Promise<void> {
    this.decoy = await this.hash(randomBytes(32).toString('hex'));
  }

  async hash(password: string): Promise<string> {
    return this.run('hash', () =>
      argon2.hash(password, { ...this.parameters, type: argon2.argon2id }),
    );
  }

  /**
   * @param hash null for an unknown account: then a decoy is checked, so that the answer takes the
   * same work and its time does not tell which accounts exist.
   */
  async verify(hash: string | null, password: string): Promise<boolean> {
    const matches = await this.run('verify', () => argon2.verify(hash ?? this.decoy, password));
    return hash !== null && matches;
  }

  /** True when the hash was made with weaker parameters than today's. */
  isOutdated(hash: string): boolean {
    return !hash.startsWith('$argon2id$') || argon2.needsRehash(hash, this.parameters);
  }

  private run<T>(operation: 'hash' | 'verify', work: () => Promise<T>): Promise<T> {
    return this.onThread(() => this.metrics.passwords.measure(operation, work));
  }
}
