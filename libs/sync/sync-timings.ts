/** How closely Redis is kept in sync. Milliseconds. */
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
   * How long an instance goes by Redis after a poll of the outbox began. It is the longest time for which an instance
   * can go by a Redis that lacks a committed change, and so the time after which a change that Redis did not take may be
   * answered. The same for all instances.
   */
  leaseMs = 1000;
}
