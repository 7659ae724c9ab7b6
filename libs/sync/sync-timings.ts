/** How closely Redis is watched. Milliseconds. */
export class SyncTimings {
  /** Between two looks into the outbox. Several fit into the lease. */
  intervalMs = 200;

  /** After which a look, or the connection for it, fails; with the interval it fits into the lease. */
  outboxDeadlineMs = 600;

  /**
   * For which a look into the outbox keeps Redis believed. It is the longest time for which an
   * instance can believe a Redis that lacks a recorded change, and so the time after which whoever
   * could not bring one to Redis may call it done. The same for all instances.
   */
  leaseMs = 1000;
}
