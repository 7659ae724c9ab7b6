import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '#libs/metrics';
import { Outbox } from './outbox';
import { OutboxEntity } from './outbox.entity';
import { PositionStore } from './position.store';
import { RedisTrust } from './redis-trust';
import { RedisUpdates } from './redis-updates';
import { SyncTimings } from './sync-timings';
import { Synchroniser } from './synchroniser';
import { UserChanges } from './user-changes';

/**
 * Keeps Redis up to date with the record. Global: there is one Redis to believe or not. Needs
 * `RedisModule` and `DatabaseModule` in the application.
 */
@Global()
@Module({
  imports: [MetricsModule, TypeOrmModule.forFeature([OutboxEntity])],
  providers: [
    Outbox,
    PositionStore,
    RedisTrust,
    RedisUpdates,
    Synchroniser,
    SyncTimings,
    UserChanges,
  ],
  exports: [Outbox, RedisTrust, RedisUpdates, Synchroniser, SyncTimings, UserChanges],
})
export class SyncModule {}
