import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '#libs/database';
import { Outbox, OutboxApplier, WriteThrough, type ApplyChange } from '#libs/sync';
import type { Versioned } from './cache-definition';
import type { RedisEntryStore } from './redis-entry.store';

const USER_CHANGED = 'user-changed';

type Entries = Pick<RedisEntryStore<Versioned>, 'fence' | 'clear'>;

/**
 * All caches of the data of a user: a change of the account invalidates each of them. Once it is answered, no instance
 * returns older content: Redis has a fence, or no instance uses Redis. Methods throw DependencyUnavailableError while
 * Postgres is unavailable.
 */
@Injectable()
export class UserCaches implements OnModuleInit {
  private readonly caches: Entries[] = [];

  constructor(
    private readonly database: Database,
    private readonly outbox: Outbox,
    private readonly applier: OutboxApplier,
    private readonly writeThrough: WriteThrough,
  ) {}

  onModuleInit(): void {
    this.applier.onChange(USER_CHANGED, this.applyChange);
  }

  /** Called by `CacheModule` for each cache, before the application starts. */
  add(cache: Entries): void {
    this.caches.push(cache);
  }

  /**
   * Changes the data of a user: Postgres first, then the caches. One transaction, one round trip.
   * @param write makes the change in that transaction, and returns the new version.
   * @returns the result of `write`.
   */
  async change<T extends Versioned>(
    userId: string,
    write: () => Promise<T | null>,
  ): Promise<T | null> {
    const changed = await this.database.transaction(async () => {
      const written = await write();
      if (written) {
        await this.invalidateInTransaction(userId, written);
      }
      return written;
    });
    if (changed) {
      await this.invalidate(userId, changed);
    }
    return changed;
  }

  /** Appends the invalidation to the outbox, in the transaction of a change. One query. */
  async invalidateInTransaction(userId: string, { version }: Versioned): Promise<void> {
    await this.outbox.append({ kind: USER_CHANGED, userId, details: { version } });
  }

  /** Invalidates older content after the commit of such a change. One round trip. */
  async invalidate(userId: string, { version }: Versioned): Promise<void> {
    await this.writeThrough.write(userId, () => this.fence(userId, version));
  }

  /** Drops all content of the user, if Redis is available. One round trip. */
  async clear(userId: string): Promise<void> {
    await this.writeThrough.tryWrite(userId, () =>
      Promise.all(this.caches.map((cache) => cache.clear(userId))),
    );
  }

  private readonly applyChange: ApplyChange = async ({ userId, details }) => {
    const isNew = await this.fence(userId, Number(details.version));
    return isNew ? 'new' : 'known';
  };

  /** @returns whether a cache lacked the version. */
  private async fence(userId: string, version: number): Promise<boolean> {
    const fences = this.caches.map((cache) => cache.fence(userId, version));
    return (await Promise.all(fences)).includes(true);
  }
}
