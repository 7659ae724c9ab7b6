import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  deleteInBatches,
  DependencyUnavailableError,
  InternalError,
  withDeadline,
} from '#libs/common';
import { Database, type ReservedConnection } from '#libs/database';
import { parseSnapshot, RETENTION_MS, type Checkpoint } from './checkpoint';
import { SyncTimings } from './sync-timings';

/** A change that Redis must have. */
export interface OutboxEntry {
  kind: string;
  userId: string;
  details: Record<string, unknown>;
}

export interface RecordedEntry extends OutboxEntry {
  id: string;
  /** The transaction that wrote it. */
  transactionId: string;
  /** By the clock of Postgres; milliseconds since the Unix epoch. */
  recordedAtMs: number;
}

/** The current state of Postgres. */
export interface OutboxEnd {
  /**
   * The visible transactions, `xmin:xmax:xip,…` as in pg_snapshot: no further row of a visible transaction can appear.
   */
  snapshot: string;
  /** The clock of Postgres; milliseconds since the Unix epoch. */
  nowMs: number;
}

/** A page of the changes that were committed since a snapshot. */
export interface OutboxPage extends OutboxEnd {
  entries: RecordedEntry[];
  /**
   * Whether Postgres still has all epochs that were asked for. It forgets them in a crash, in which it also gives out
   * numbers of transactions again that a snapshot from before the crash has already seen.
   */
  hasEpochs: boolean;
}

/** The reserved one is for the polls that the leases depend on: nothing else may delay them. */
type Connection = 'reserved' | 'pool';

/** Entries per page. A busy server can read that many within the deadline. */
const PAGE = 2000;

/** A page begins after this entry. */
type Cursor = Pick<RecordedEntry, 'transactionId' | 'id'>;
const START: Cursor = { transactionId: '0', id: '00000000-0000-0000-0000-000000000000' };
const NO_TRANSACTION = '9223372036854775807';

interface PageRow {
  entries: RecordedEntry[];
  snapshot: string;
  now_ms: string;
  is_standby: boolean;
  live_epochs: number;
}

/**
 * The entries that were not visible in a snapshot, in the order of $3 and $4. Two index scans instead of a condition
 * with OR, so that visible entries are not read again, even if a transaction stays open for long. $1 its xip, $2 its
 * xmax, $3 and $4 the cursor, $5 the exclusive upper bound of transactions, $6 the maximum number of
 * entries, $7 epochs.
 */
const READ_PAGE = `
  SELECT pg_current_snapshot()::text AS snapshot, pg_is_in_recovery() AS is_standby, ${nowMs()} AS now_ms,
         (SELECT count(*)::int FROM live_epochs WHERE epoch = ANY($7::bigint[])) AS live_epochs,
         (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'id', id, 'transactionId', transaction_id::text, 'kind', kind, 'userId', user_id, 'details', details,
                   'recordedAtMs', floor(extract(epoch FROM recorded_at) * 1000)::bigint)
                   ORDER BY transaction_id, id), '[]')
            FROM (SELECT * FROM (${notVisible('transaction_id = ANY($1::bigint[])')}
                                 UNION ALL ${notVisible('transaction_id >= $2::bigint')}) AS candidates
                   ORDER BY transaction_id, id LIMIT $6) AS page) AS entries`;

function notVisible(condition: string): string {
  return `(SELECT * FROM outbox
            WHERE ${condition} AND transaction_id < $5::bigint AND (transaction_id, id) > ($3::bigint, $4::uuid)
            ORDER BY transaction_id, id LIMIT $6)`;
}

function nowMs(): string {
  return 'floor(extract(epoch FROM clock_timestamp()) * 1000)::text';
}

/**
 * SQL that adds entries in the statement that makes the change, so that both commit together.
 * @param source SQL that selects kind, user id and details, in this order.
 */
export function appendToOutbox(source: string): string {
  return `INSERT INTO outbox (id, transaction_id, kind, user_id, details, recorded_at)
    SELECT gen_random_uuid(), pg_current_xact_id()::text::bigint,
           entry.kind, entry.user_id, entry.details, clock_timestamp()
      FROM (${source}) AS entry (kind, user_id, details)`;
}

/**
 * The changes that Redis must have. Their order does not matter. Methods throw DependencyUnavailableError while
 * Postgres is unavailable.
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
   * The changes committed since a snapshot, in at least one page. The pages together hold all that is visible in the
   * snapshot of the FIRST page and was not in the given one; of later transactions they may hold a part. One query per
   * page.
   * @param epochs of the partitions that are read for, without repetition.
   */
  async *changesSince(
    snapshot: string,
    epochs: readonly string[],
    connection: Connection = 'reserved',
  ): AsyncGenerator<OutboxPage, void> {
    const { xip, xmax } = parseSnapshot(snapshot);
    let after = START;
    let end = NO_TRANSACTION;
    for (;;) {
      const parameters = [xip, xmax, after.transactionId, after.id, end, PAGE, epochs];
      const page = pageOf(await this.query<PageRow>(connection, READ_PAGE, parameters), epochs);
      yield page;
      const last = page.entries.at(-1);
      if (!last || page.entries.length < PAGE) {
        return;
      }
      after = last;
      // The bound of the first page: on a busy server, reading later transactions would never end.
      end = end === NO_TRANSACTION ? parseSnapshot(page.snapshot).xmax : end;
    }
  }

  /** Whether the connections that requests use answer as well. One query, which closes their circuit breaker. */
  async isPoolReady(deadlineMs: number): Promise<boolean> {
    const tried = this.database
      .run((manager) => manager.query('SELECT 1'))
      .then(() => true)
      .catch(() => false);
    return withDeadline(tried, deadlineMs, () => new InternalError('no answer in time')).catch(
      () => false,
    );
  }

  /** A new epoch, which Postgres keeps until it crashes, at the current end of the outbox. One query. */
  async beginEpoch(connection: Connection = 'reserved'): Promise<Checkpoint> {
    const [row] = await this.query<{ epoch: string; snapshot: string; now_ms: string }>(
      connection,
      `INSERT INTO live_epochs SELECT nextval('redis_epochs')
         RETURNING epoch::text, pg_current_snapshot()::text AS snapshot, ${nowMs()} AS now_ms`,
    );
    const { snapshot, nowMs: recordedAtMs } = endOf(row);
    return { epoch: row?.epoch ?? '0', snapshot, recordedAtMs: String(recordedAtMs) };
  }

  /**
   * Deletes the entries that no instance replays any more, in bounded batches.
   * @param signal ends it between two batches.
   * @returns the number of deleted entries.
   */
  async prune(signal?: AbortSignal): Promise<number> {
    return deleteInBatches((limit) => this.deleteOld(limit), signal);
  }

  async onModuleDestroy(): Promise<void> {
    await this.reserved.close();
  }

  private query<Row>(
    connection: Connection,
    sql: string,
    parameters: unknown[] = [],
  ): Promise<Row[]> {
    return connection === 'reserved'
      ? this.reserved.query<Row>(sql, parameters)
      : this.database.run((manager) => manager.query<Row[]>(sql, parameters));
  }

  private async deleteOld(limit: number): Promise<number> {
    return this.database.delete(
      `DELETE FROM outbox WHERE id IN (
         SELECT id FROM outbox WHERE recorded_at < now() - make_interval(secs => $1)
          ORDER BY recorded_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [RETENTION_MS / 1000, limit],
    );
  }
}

function pageOf([row]: PageRow[], epochs: readonly string[]): OutboxPage {
  if (row?.is_standby) {
    // Snapshots of a standby do not name the transactions in progress, and it may lack committed ones.
    const cause = new InternalError('the server is a standby');
    throw new DependencyUnavailableError('postgres', { cause });
  }
  const hasEpochs = row?.live_epochs === epochs.length;
  return { ...endOf(row), entries: row?.entries ?? [], hasEpochs };
}

function endOf(row: { snapshot: string; now_ms: string } | undefined): OutboxEnd {
  if (!row) {
    throw new InternalError('a statement without a row');
  }
  return { snapshot: row.snapshot, nowMs: Number(row.now_ms) };
}
