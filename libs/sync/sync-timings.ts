/** How closely Redis is watched. Milliseconds. */
export class SyncTimings {
  /** Between the beginnings of two polls of the outbox. Several fit into the lease. */
  intervalMs = 200;

  /**
   * After which a poll is cut, connecting included, and Postgres counts as away. The lease runs from the
   * beginning of a poll, so two polls in a row that are cut, and what each then asks of Redis, have to
   * fit into it: a Postgres that hangs would otherwise cost trust in Redis, and one that is dead not.
   */
  outboxDeadlineMs = 400;

  /**
   * For which a look into the outbox keeps Redis believed. It is the longest time for which an
   * instance can believe a Redis that lacks a recorded change, and so the time after which whoever
   * could not bring one to Redis may call it done. The same for all instances.
   */
  leaseMs = 1000;
}
