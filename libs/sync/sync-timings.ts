/** How closely Redis is watched. Milliseconds. */
export class SyncTimings {
  /** Between the beginnings of two polls of the outbox. Several fit into the lease. */
  intervalMs = 200;

  /**
   * Deadline of a poll, connecting included. When it passes, Postgres counts as unavailable. The lease runs
   * from the beginning of a poll, so two polls in a row that time out, each with the Redis commands that
   * follow it, must fit into the lease. Otherwise a Postgres that hangs would end it, unlike one that is down.
   */
  outboxDeadlineMs = 400;

  /**
   * For which a look into the outbox keeps Redis believed. It is the longest time for which an
   * instance can believe a Redis that lacks a recorded change, and so the time after which whoever
   * could not bring one to Redis may call it done. The same for all instances.
   */
  leaseMs = 1000;
}
