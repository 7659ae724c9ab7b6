export {
  appendToOutbox,
  Outbox,
  type OutboxEntry,
  type OutboxPage,
  type RecordedEntry,
} from './outbox';
export { OutboxEntity } from './outbox.entity';
export { SyncLease, type HeldLease } from './sync-lease';
export { SyncLeases } from './sync-leases';
export { WriteThrough } from './write-through';
export { SyncTimings } from './sync-timings';
export { SyncModule } from './sync.module';
export { UserChanges } from './user-changes';
export { OutboxApplier, type ApplyChange, type OutboxLag } from './outbox-applier';
export { Synchroniser } from './synchroniser';
export { OutboxFeed, type OutboxFollower } from './outbox-feed';
export { formatCheckpoint, parseCheckpoint, type Checkpoint } from './checkpoint';
