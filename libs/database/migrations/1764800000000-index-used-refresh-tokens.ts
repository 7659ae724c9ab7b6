import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IndexUsedRefreshTokens1764800000000 implements MigrationInterface {
  name = 'IndexUsedRefreshTokens1764800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX "ix_refresh_tokens_used_at" ON "refresh_tokens" ("used_at") WHERE used_at IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "ix_refresh_tokens_used_at"`);
  }
}
