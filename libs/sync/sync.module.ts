import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '#libs/metrics';
import { Outbox } from './outbox';
import { OutboxApplier } from './outbox-applier';
import { OutboxFeed } from './outbox-feed';
import { OutboxPoller } from './outbox-poller';
import { OutboxPruner } from './outbox-pruner';
import { PartitionsInSync } from './partitions-in-sync';
import { OutboxEntity } from './outbox.entity';
import { CatchUp } from './catch-up';
import { CheckpointStore } from './checkpoint.store';
import { SyncLeases } from './sync-leases';
import { WriteThrough } from './write-through';
import { SyncTimings } from './sync-timings';
import { Synchroniser } from './synchroniser';
import { UserChanges } from './user-changes';

/**
 * Keeps Redis in sync with Postgres. Global: there is one outbox. Needs
 * `RedisModule` and `DatabaseModule` in the application.
 */
@Global()
@Module({
  imports: [MetricsModule, TypeOrmModule.forFeature([OutboxEntity])],
  providers: [
    Outbox,
    OutboxApplier,
    OutboxFeed,
    OutboxPruner,
    CheckpointStore,
    PartitionsInSync,
    OutboxPoller,
    CatchUp,
    SyncLeases,
    WriteThrough,
    Synchroniser,
    SyncTimings,
    UserChanges,
  ],
  exports: [
    Outbox,
    OutboxApplier,
    OutboxFeed,
    SyncLeases,
    WriteThrough,
    Synchroniser,
    SyncTimings,
    UserChanges,
  ],
})
export class SyncModule {}
