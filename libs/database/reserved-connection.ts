import type { DataSource, QueryRunner } from 'typeorm';
import { DependencyUnavailableError } from '#libs/common';
import { guarded } from './database-errors';

/** One connection of the pool, kept for one purpose. */
export class ReservedConnection {
  private runner: QueryRunner | undefined;
  private closed = false;
  private readonly running = new Set<Promise<unknown>>();

  constructor(private readonly dataSource: DataSource) {}

  /** One statement. @throws DependencyUnavailableError when Postgres cannot answer in time. */
  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    if (this.closed) {
      throw new DependencyUnavailableError('postgres', { cause: new Error('shutting down') });
    }
    const runner = (this.runner ??= this.dataSource.createQueryRunner());
    const query = guarded(async () => (await runner.query(sql, parameters)) as Row[]);
    this.running.add(query);
    try {
      return await query;
    } catch (error) {
      await this.release(runner);
      throw error;
    } finally {
      this.running.delete(query);
    }
  }

  /** Gives the connection back for good, so that the pool can end; after statements in progress. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.running);
    await this.release(this.runner);
  }

  private async release(runner: QueryRunner | undefined): Promise<void> {
    if (this.runner === runner) {
      this.runner = undefined;
    }
    await runner?.release();
  }
}
