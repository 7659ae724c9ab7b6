import { Injectable } from '@nestjs/common';
import { Database } from '#libs/database';

export const FIRST_GENERATION = 1;

/**
 * The generations of users in Postgres. One query per method. All methods throw DependencyUnavailableError while
 * Postgres is unavailable.
 */
@Injectable()
export class SubjectRepository {
  constructor(private readonly database: Database) {}

  /** The user's generation; a user without sessions has the first. */
  async generationOf(userId: string): Promise<number> {
    const rows = await this.query('SELECT generation FROM subjects WHERE user_id = $1', userId);
    return rows[0]?.generation ?? FIRST_GENERATION;
  }

  /** Idempotent. */
  async create(userId: string): Promise<void> {
    await this.query('INSERT INTO subjects (user_id) VALUES ($1) ON CONFLICT DO NOTHING', userId);
  }

  /**
   * Raises the generation of an existing subject.
   * @returns the new generation.
   */
  async raiseGeneration(userId: string): Promise<number> {
    const rows = await this.query(
      `WITH raised AS (
         UPDATE subjects SET generation = generation + 1 WHERE user_id = $1 RETURNING generation
       ) SELECT generation FROM raised`,
      userId,
    );
    return rows[0]?.generation ?? FIRST_GENERATION;
  }

  private query(sql: string, userId: string): Promise<{ generation: number }[]> {
    return this.database.run((manager) => manager.query<{ generation: number }[]>(sql, [userId]));
  }
}
