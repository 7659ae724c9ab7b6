/** Timings of the synchronisation, in milliseconds, and its largest step. */
export class SyncTimings {
  /** Between the starts of two polls of the outbox. Several fit into the lease. */
  intervalMs = 200;

  /**
   * Timeout of a poll, including the connection. After it, Postgres counts as unavailable. The lease runs from the
   * start of a poll, so two polls in a row that time out, each with its Redis commands, must fit into the lease.
   * Otherwise a Postgres that hangs would end the lease, unlike one that is down.
   */
  outboxDeadlineMs = 400;

  /**
   * How long an instance answers from Redis after the start of a poll. This bounds the time for which an instance can
   * use a Redis that lacks a committed change, and so the delay of the answer to a change that could not be written to
   * Redis. Equal on all instances.
   */
  leaseMs = 1000;

  /**
   * Maximum number of entries after a checkpoint that are applied to a copy, in Redis or behind the stream. With more, the
   * copy begins anew: refilling an empty Redis takes about as long, and Postgres answers meanwhile in both cases.
   */
  maxEntries = 200_000;
}
