/**
 * How far the outbox has been applied. All fields are text because a 64-bit transaction id may not fit a JavaScript
 * number.
 */
export interface Checkpoint {
  /** Number of the epoch: data of another epoch is void. */
  epoch: string;
  /**
   * A snapshot of Postgres, `xmin:xmax:xip,…` as in pg_snapshot: the changes of every transaction that is visible in it
   * have been applied to Redis.
   */
  snapshot: string;
  /** When that was, by the clock of Postgres; milliseconds since the Unix epoch. */
  recordedAtMs: string;
}

const FORMAT = /^(\d+)\|(\d+:\d+:(?:\d+(?:,\d+)*)?)\|(\d+)$/;

export function formatCheckpoint({ epoch, snapshot, recordedAtMs }: Checkpoint): string {
  return `${epoch}|${snapshot}|${recordedAtMs}`;
}

/** @returns null for a text that `formatCheckpoint` did not create. */
export function parseCheckpoint(text: string | null): Checkpoint | null {
  const [, epoch, snapshot, recordedAtMs] = FORMAT.exec(text ?? '') ?? [];
  return epoch && snapshot && recordedAtMs ? { epoch, snapshot, recordedAtMs } : null;
}

/** A parsed snapshot of Postgres. */
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

/** The one that was taken first, of at least one; all of the same Postgres. */
export function earliest<T extends Pick<Checkpoint, 'snapshot'>>(checkpoints: readonly T[]): T {
  return checkpoints.reduce((first, one) => (isLater(first.snapshot, one.snapshot) ? one : first));
}

/**
 * Whether a snapshot was taken after another one: it sees all transactions that the other one sees. Neither of its
 * bounds is lower, and between equal bounds it lists fewer transactions in progress.
 */
function isLater(snapshot: string, other: string): boolean {
  const [one, two] = [parseSnapshot(snapshot), parseSnapshot(other)];
  if (one.xmin !== two.xmin) {
    return BigInt(one.xmin) > BigInt(two.xmin);
  }
  return one.xmax === two.xmax
    ? one.xip.length < two.xip.length
    : BigInt(one.xmax) > BigInt(two.xmax);
}

/** Maximum age of a checkpoint for a replay; a new epoch costs less than a longer one. */
const REPLAY_WINDOW_MS = 3_600_000;

/** Maximum age of a position from which the stream of revocations is resumed. */
export const STREAM_WINDOW_MS = 24 * 3_600_000;

/** How long the outbox keeps entries: who begins to read within a window finds all entries until the end. */
export const RETENTION_MS = STREAM_WINDOW_MS + REPLAY_WINDOW_MS;

/**
 * Whether replaying the outbox from a checkpoint brings a copy up to date. False if Postgres has not reached the
 * checkpoint: then it is another database, or an older copy.
 * @param now the current state of Postgres.
 * @param windowMs maximum age of the checkpoint.
 */
export function isReplayable(
  checkpoint: Omit<Checkpoint, 'epoch'>,
  now: Omit<Checkpoint, 'epoch'>,
  windowMs = REPLAY_WINDOW_MS,
): boolean {
  const [then, here] = [parseSnapshot(checkpoint.snapshot), parseSnapshot(now.snapshot)];
  const ageMs = Number(now.recordedAtMs) - Number(checkpoint.recordedAtMs);
  return (
    BigInt(then.xmin) <= BigInt(here.xmin) &&
    BigInt(then.xmax) <= BigInt(here.xmax) &&
    Math.abs(ageMs) <= windowMs
  );
}

/** The epochs of checkpoints, each once. */
export function epochsOf(checkpoints: readonly Checkpoint[]): string[] {
  return [...new Set(checkpoints.map(({ epoch }) => epoch))];
}

/** How far Redis is after a poll. @param end the state of Postgres that the poll has found */
export function positionOf(end: { snapshot: string; nowMs: number }): Omit<Checkpoint, 'epoch'> {
  return { snapshot: end.snapshot, recordedAtMs: String(end.nowMs) };
}
