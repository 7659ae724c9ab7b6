import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Database, type ReservedConnection } from '#libs/database';
import { SyncTimings } from './sync-timings';

/** A change of the record that Redis has to learn of. */
export interface OutboxEntry {
  kind: string;
  userId: string;
  details: Record<string, unknown>;
}

export interface RecordedEntry extends OutboxEntry {
  id: string;
  /** By the clock of Postgres; milliseconds since the Unix epoch. */
  recordedAtMs: number;
}

/** Where the record is. */
export interface OutboxEnd {
  /** Every transaction below this one has ended: nothing of it can still appear. */
  transactionId: string;
  /** The clock of Postgres; milliseconds since the Unix epoch. */
  nowMs: number;
}

/** What the record gained since a transaction, up to `transactionId` and, in part, beyond it. */
export interface OutboxPage extends OutboxEnd {
  entries: RecordedEntry[];
  /** There were more entries than one may read at once: they are not complete. */
  overflow: boolean;
}

/** How long entries are kept: longer than anybody replays. */
const RETENTION = '24 hours';
const PRUNE_BATCH = 1000;

const NOW_MS = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::text';

/**
 * SQL that adds entries in the statement that makes the change, so that there is never one without
 * the other.
 * @param source SQL that selects kind, user id and details, in this order.
 */
export function appendToOutbox(source: string): string {
  return `INSERT INTO outbox (id, transaction_id, kind, user_id, details, recorded_at)
    SELECT gen_random_uuid(), pg_current_xact_id()::text::bigint,
           entry.kind, entry.user_id, entry.details, clock_timestamp()
      FROM (${source}) AS entry (kind, user_id, details)`;
}

/**
 * The changes of the record that Redis has to learn of, in no order. Methods
 * throw DependencyUnavailableError when Postgres is away.
 */
@Injectable()
export class Outbox implements OnModuleDestroy {
  private readonly reserved: ReservedConnection;

  constructor(
    private readonly database: Database,
    timings: SyncTimings,
  ) {
    this.reserved = database.reserveConnection(timings.outboxDeadlineMs);
  }

  /** Adds an entry, in the surrounding transaction if there is one. One query. */
  async append({ kind, userId, details }: OutboxEntry): Promise<void> {
    const sql = appendToOutbox('SELECT $1::text, $2::uuid, $3::jsonb');
    const parameters = [kind, userId, JSON.stringify(details)];
    await this.database.run((manager) => manager.query(sql, parameters));
  }

  /**
   * What was written by this transaction or a later one. What such a transaction has written but not
   * committed is not in it, and keeps the page's `transactionId` from passing it. One query.
   */
  async read(fromTransactionId: string, limit: number): Promise<OutboxPage> {
    const [row] = await this.reserved.query<{
      entries: RecordedEntry[];
      transaction_id: string;
      now_ms: string;
    }>(
      `SELECT pg_snapshot_xmin(snapshot)::text AS transaction_id,
              ${NOW_MS} AS now_ms,
              (SELECT coalesce(jsonb_agg(page), '[]') FROM (
                 SELECT id, kind, user_id AS "userId", details,
                        floor(extract(epoch FROM recorded_at) * 1000)::bigint AS "recordedAtMs"
                   FROM outbox WHERE transaction_id >= $1 LIMIT $2) page) AS entries
         FROM pg_current_snapshot() AS snapshot`,
      [fromTransactionId, limit],
    );
    const { entries = [], transaction_id: end = fromTransactionId, now_ms: nowMs = 0 } = row ?? {};
    const overflow = entries.length === limit;
    return { entries, transactionId: end, nowMs: Number(nowMs), overflow };
  }

  /** Where the record is now. One query. */
  async end(): Promise<OutboxEnd> {
    const [row] = await this.reserved.query<{ transaction_id: string; now_ms: string }>(
      `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS transaction_id,
              ${NOW_MS} AS now_ms`,
    );
    return { transactionId: row?.transaction_id ?? '0', nowMs: Number(row?.now_ms) };
  }

  /** A number that no era of Redis has had. One query. */
  async nextEra(): Promise<string> {
    const rows = await this.reserved.query<{ era: string }>(
      `SELECT nextval('redis_eras')::text AS era`,
    );
    return rows[0]?.era ?? '0';
  }

  /** Deletes some of the entries that nobody will replay any more. One query. */
  async prune(): Promise<void> {
    await this.database.run((manager) =>
      manager.query(
        `DELETE FROM outbox WHERE id IN (
           SELECT id FROM outbox WHERE recorded_at < now() - interval '${RETENTION}'
            ORDER BY recorded_at LIMIT ${PRUNE_BATCH} FOR UPDATE SKIP LOCKED)`,
      ),
    );
  }

  async onModuleDestroy(): Promise<void> {
    await this.reserved.close();
  }
}
