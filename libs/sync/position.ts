/** How far a Redis has come. All is kept as text because a 64-bit transaction id need not fit a JavaScript number. */
export interface Position {
  /** Number of the era: what was written in another one does not count. */
  era: string;
  /**
   * A snapshot of Postgres, `xmin:xmax:xip,…` as pg_snapshot has it: every transaction that is visible in it has been
   * brought to Redis, as far as it concerns Redis.
   */
  snapshot: string;
  /** When that was so by the clock of Postgres; milliseconds since the Unix epoch. */
  recordedAtMs: string;
}

const FORMAT = /^(\d+)\|(\d+:\d+:(?:\d+(?:,\d+)*)?)\|(\d+)$/;

export function formatPosition({ era, snapshot, recordedAtMs }: Position): string {
  return `${era}|${snapshot}|${recordedAtMs}`;
}

/** @returns null for what `formatPosition` did not make. */
export function parsePosition(text: string | null): Position | null {
  const [, era, snapshot, recordedAtMs] = FORMAT.exec(text ?? '') ?? [];
  return era && snapshot && recordedAtMs ? { era, snapshot, recordedAtMs } : null;
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

/** A position that is further back is not replayed from: a new era costs less. */
const REPLAY_WINDOW_MS = 3_600_000;

/** For how long the outbox keeps what it holds: a replay that began within its window finds all of it to its end. */
export const RETENTION_MS = 2 * REPLAY_WINDOW_MS;

/**
 * Whether replaying what the record has gained since brings a Redis at this position up to date.
 * Not so when the record is not at its position yet: then it is another record, or an older copy.
 * @param now where the record is.
 */
export function isReplayable(position: Position, now: Omit<Position, 'era'>): boolean {
  const [then, here] = [parseSnapshot(position.snapshot), parseSnapshot(now.snapshot)];
  const ageMs = Number(now.recordedAtMs) - Number(position.recordedAtMs);
  return (
    BigInt(then.xmin) <= BigInt(here.xmin) &&
    BigInt(then.xmax) <= BigInt(here.xmax) &&
    Math.abs(ageMs) <= REPLAY_WINDOW_MS
  );
}
