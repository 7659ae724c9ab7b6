export { appendToOutbox, Outbox, type OutboxEntry, type RecordedEntry } from './outbox';
export { OutboxEntity } from './outbox.entity';
export { SyncLease, type HeldLease } from './sync-lease';
export { WriteThrough } from './write-through';
export { SyncTimings } from './sync-timings';
export { syncKeys } from './sync.keys';
export { SyncModule } from './sync.module';
export { UserChanges } from './user-changes';
export { Synchroniser, type ApplyChange, type OutboxLag } from './synchroniser';
