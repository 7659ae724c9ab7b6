import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '#libs/metrics';
import { Outbox } from './outbox';
import { OutboxPruner } from './outbox-pruner';
import { OutboxEntity } from './outbox.entity';
import { CheckpointStore } from './checkpoint.store';
import { SyncLease } from './sync-lease';
import { WriteThrough } from './write-through';
import { SyncTimings } from './sync-timings';
import { Synchroniser } from './synchroniser';
import { UserChanges } from './user-changes';

/**
 * Keeps Redis in sync with Postgres. Global: there is one Redis. Needs
 * `RedisModule` and `DatabaseModule` in the application.
 */
@Global()
@Module({
  imports: [MetricsModule, TypeOrmModule.forFeature([OutboxEntity])],
  providers: [
    Outbox,
    OutboxPruner,
    CheckpointStore,
    SyncLease,
    WriteThrough,
    Synchroniser,
    SyncTimings,
    UserChanges,
  ],
  exports: [Outbox, SyncLease, WriteThrough, Synchroniser, SyncTimings, UserChanges],
})
export class SyncModule {}
