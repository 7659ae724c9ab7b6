import { DependencyUnavailableError, InternalError, withDeadline } from '#libs/common';
import type { CallTimer } from '#libs/metrics';
import { guarded } from './database-errors';
import type { PostgresClient } from './postgres-client';

/** One connection outside the pool, made when it is needed, and again after a failure. */
export class ReservedConnection {
  private client: Promise<PostgresClient> | undefined;
  private closed = false;
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param connect has a timeout of its own: an attempt may outlive its statement.
   * @param deadlineMs of a statement, including the connection.
   */
  constructor(
    private readonly connect: () => Promise<PostgresClient>,
    private readonly deadlineMs: number,
    private readonly calls: CallTimer,
  ) {}

  /**
   * Runs one statement, after all earlier ones.
   * @throws DependencyUnavailableError if Postgres cannot answer in time.
   */
  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const query = this.last.then(() => this.run<Row>(sql, parameters));
    this.last = query.catch(() => undefined);
    return query;
  }

  /** Closes the connection permanently, after statements in progress. */
  async close(): Promise<void> {
    this.closed = true;
    await this.last;
    this.drop((client) => client.end());
  }

  private async run<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    if (this.closed) {
      throw new DependencyUnavailableError('postgres', {
        cause: new InternalError('shutting down'),
      });
    }
    return this.calls.measure(() =>
      guarded(async () => {
        const endMs = performance.now() + this.deadlineMs;
        const client = await this.until(endMs, (this.client ??= this.attempt()));
        try {
          const { rows } = await this.until(endMs, client.query(sql, parameters));
          return rows as Row[];
        } catch (error) {
          this.drop((client) => client.close());
          throw error;
        }
      }),
    );
  }

  private until<T>(endMs: number, work: Promise<T>): Promise<T> {
    const expired = () => new InternalError(`timeout: no answer within ${this.deadlineMs} ms`);
    return withDeadline(work, endMs - performance.now(), expired);
  }

  private async attempt(): Promise<PostgresClient> {
    try {
      return await this.connect();
    } catch (error) {
      this.client = undefined;
      throw error;
    }
  }

  private drop(end: (client: PostgresClient) => unknown): void {
    const { client } = this;
    this.client = undefined;
    client?.then(end).catch(() => undefined);
  }
}
