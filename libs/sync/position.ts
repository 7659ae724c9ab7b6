/**
 * How far a Redis has come. All are decimal numbers, kept as text because a 64-bit transaction id
 * need not fit a JavaScript number.
 */
export interface Position {
  /** Number of the era: what was written in another one does not count. */
  era: string;
  /** Every transaction below this id has been brought to Redis, as far as it concerns Redis. */
  transactionId: string;
  /** When that was so by the clock of Postgres; milliseconds since the Unix epoch. */
  recordedAtMs: string;
}

const FORMAT = /^(\d+)\|(\d+)\|(\d+)$/;

export function formatPosition({ era, transactionId, recordedAtMs }: Position): string {
  return `${era}|${transactionId}|${recordedAtMs}`;
}

/** @returns null for what `formatPosition` did not make. */
export function parsePosition(text: string | null): Position | null {
  const [, era, transactionId, recordedAtMs] = FORMAT.exec(text ?? '') ?? [];
  return era && transactionId && recordedAtMs ? { era, transactionId, recordedAtMs } : null;
}

/** A position that is further back is not replayed from: a new era costs less. */
const REPLAY_WINDOW_MS = 3_600_000;

/**
 * Whether replaying what the record has gained since brings a Redis at this position up to date.
 * Not so when the record is not at its position yet: then it is another record, or an older copy.
 * @param now where the record is.
 */
export function isReplayable(position: Position, now: Omit<Position, 'era'>): boolean {
  const ageMs = Number(now.recordedAtMs) - Number(position.recordedAtMs);
  return (
    BigInt(position.transactionId) <= BigInt(now.transactionId) &&
    Math.abs(ageMs) <= REPLAY_WINDOW_MS
  );
}
