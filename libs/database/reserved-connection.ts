import type { DataSource, QueryRunner } from 'typeorm';
import { DependencyUnavailableError } from '#libs/common';
import { guarded } from './database-errors';

/** One connection of the pool, kept for one purpose. */
export class ReservedConnection {
  private runner: QueryRunner | undefined;
  private closed = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly dataSource: DataSource) {}

  /**
   * One statement, after those that were asked for before.
   * @throws DependencyUnavailableError when Postgres cannot answer in time.
   */
  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const query = this.last.then(() => this.run<Row>(sql, parameters));
    this.last = query.catch(() => undefined);
    return query;
  }

  /** Gives the connection back for good, so that the pool can end; after statements in progress. */
  async close(): Promise<void> {
    this.closed = true;
    await this.last;
    await this.release();
  }

  private async run<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    if (this.closed) {
      throw new DependencyUnavailableError('postgres', { cause: new Error('shutting down') });
    }
    // The driver gives a connection that ended while it was idle back by itself.
    const runner =
      this.runner?.isReleased === false ? this.runner : this.dataSource.createQueryRunner();
    this.runner = runner;
    try {
      return await guarded(async () => (await runner.query(sql, parameters)) as Row[]);
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  private async release(): Promise<void> {
    const { runner } = this;
    this.runner = undefined;
    await runner?.release();
  }
}
