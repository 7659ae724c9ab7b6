/** How closely Redis is watched. Milliseconds. */
export class SyncTimings {
  /** Between two looks into the outbox. Several fit into the lease. */
  intervalMs = 200;

  /** After which Postgres counts as away for the looks; two fit into the lease. */
  outboxDeadlineMs = 350;

  /**
   * For which a look into the outbox keeps Redis believed. It is the longest time for which an
   * instance can believe a Redis that lacks a recorded change, and so the time after which whoever
   * could not bring one to Redis may call it done. The same for all instances.
   */
  leaseMs = 1000;
}
