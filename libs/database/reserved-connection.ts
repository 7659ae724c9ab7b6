import type { ClientConfig } from 'pg';
import { DependencyUnavailableError, InternalError } from '#libs/common';
import type { CallTimer } from '#libs/metrics';
import { guarded } from './database-errors';
import { connect, type DeadlineClient } from './deadline-client';

/** One connection outside the pool, for one purpose: made when needed, and again after a failure. */
export class ReservedConnection {
  private client: Promise<DeadlineClient> | undefined;
  private closed = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly config: ClientConfig,
    private readonly calls: CallTimer,
  ) {}

  /**
   * One statement, after those that were asked for before.
   * @throws DependencyUnavailableError when Postgres cannot answer in time.
   */
  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const query = this.last.then(() => this.run<Row>(sql, parameters));
    this.last = query.catch(() => undefined);
    return query;
  }

  /** Ends the connection for good, after statements in progress. */
  async close(): Promise<void> {
    this.closed = true;
    await this.last;
    this.drop();
  }

  private async run<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    if (this.closed) {
      throw new DependencyUnavailableError('postgres', {
        cause: new InternalError('shutting down'),
      });
    }
    try {
      return await this.calls.measure(() =>
        guarded(async () => {
          const client = await (this.client ??= connect(this.config));
          return (await client.query(sql, parameters)).rows as Row[];
        }),
      );
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  /** Does not wait for the server to say goodbye: it may be the one that does not answer. */
  private drop(): void {
    const { client } = this;
    this.client = undefined;
    client?.then((connected) => connected.end()).catch(() => undefined);
  }
}
