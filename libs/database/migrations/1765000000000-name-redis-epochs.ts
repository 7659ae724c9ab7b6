import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Renames the sequence of eras to epochs. */
export class NameRedisEpochs1765000000000 implements MigrationInterface {
  name = 'NameRedisEpochs1765000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER SEQUENCE "redis_eras" RENAME TO "redis_epochs"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER SEQUENCE "redis_epochs" RENAME TO "redis_eras"`);
  }
}
