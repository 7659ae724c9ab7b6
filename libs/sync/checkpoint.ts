/** How far the outbox has been applied. All is kept as text because a 64-bit transaction id need not fit a JavaScript number. */
export interface Checkpoint {
  /** Number of the epoch: what was written in another one does not count. */
  epoch: string;
  /**
   * A snapshot of Postgres, `xmin:xmax:xip,…` as pg_snapshot has it: every transaction that is visible in it has been
   * brought to Redis, as far as it concerns Redis.
   */
  snapshot: string;
  /** When that was so by the clock of Postgres; milliseconds since the Unix epoch. */
  recordedAtMs: string;
}

const FORMAT = /^(\d+)\|(\d+:\d+:(?:\d+(?:,\d+)*)?)\|(\d+)$/;

export function formatCheckpoint({ epoch, snapshot, recordedAtMs }: Checkpoint): string {
  return `${epoch}|${snapshot}|${recordedAtMs}`;
}

/** @returns null for what `formatCheckpoint` did not make. */
export function parseCheckpoint(text: string | null): Checkpoint | null {
  const [, epoch, snapshot, recordedAtMs] = FORMAT.exec(text ?? '') ?? [];
  return epoch && snapshot && recordedAtMs ? { epoch, snapshot, recordedAtMs } : null;
}

/** A snapshot of Postgres, taken apart. */
export interface Snapshot {
  /** The lowest transaction that was in progress; all below it have ended. */
  xmin: string;
  /** This transaction and all above it had not begun. */
  xmax: string;
  /** The transactions between the two that were in progress. Subtransactions are not among them. */
  xip: string[];
}

export function parseSnapshot(text: string): Snapshot {
  const [xmin = '', xmax = '', xip = ''] = text.split(':');
  return { xmin, xmax, xip: xip === '' ? [] : xip.split(',') };
}

/** A checkpoint that is further back is not replayed from: a new epoch costs less. */
const REPLAY_WINDOW_MS = 3_600_000;

/** For how long the outbox keeps what it holds: a replay that began within its window finds all of it to its end. */
export const RETENTION_MS = 2 * REPLAY_WINDOW_MS;

/**
 * Whether replaying the outbox from a checkpoint brings Redis in sync. Not so when Postgres has not reached the
 * checkpoint: then it is another database, or an older copy.
 * @param now where Postgres is.
 */
export function isReplayable(checkpoint: Checkpoint, now: Omit<Checkpoint, 'epoch'>): boolean {
  const [then, here] = [parseSnapshot(checkpoint.snapshot), parseSnapshot(now.snapshot)];
  const ageMs = Number(now.recordedAtMs) - Number(checkpoint.recordedAtMs);
  return (
    BigInt(then.xmin) <= BigInt(here.xmin) &&
    BigInt(then.xmax) <= BigInt(here.xmax) &&
    Math.abs(ageMs) <= REPLAY_WINDOW_MS
  );
}
