import { Inject, Injectable } from '@nestjs/common';
import { Database } from '#libs/database';
import { Metrics } from '#libs/metrics';
import { Outbox, OutboxApplier, SyncLeases, WriteThrough } from '#libs/sync';
import { CACHE_DEFINITION, type CacheDefinition, type Versioned } from './cache-definition';
import { RedisEntryStore } from './redis-entry.store';

/** The dependencies of a cache: it injects this and passes it to `super`. */
@Injectable()
export class CacheDependencies<Entry extends Versioned> {
  constructor(
    @Inject(CACHE_DEFINITION) readonly definition: CacheDefinition<Entry>,
    @Inject(RedisEntryStore) readonly entries: RedisEntryStore<Entry>,
    readonly database: Database,
    readonly outbox: Outbox,
    readonly applier: OutboxApplier,
    readonly leases: SyncLeases,
    readonly writeThrough: WriteThrough,
    readonly metrics: Metrics,
  ) {}
}
