import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Remembered sessions, proofs of identity and attributes. Existing sessions keep the defaults: not remembered, and
 * authenticated by a password at their sign-in.
 */
export class AddSessionDetails1765250000000 implements MigrationInterface {
  name = 'AddSessionDetails1765250000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE "sessions"
         ADD "remembered" boolean NOT NULL DEFAULT false,
         ADD "authenticated_at" TIMESTAMP(3) WITH TIME ZONE,
         ADD "amr" character varying(64) NOT NULL DEFAULT 'pwd',
         ADD "attributes" jsonb,
         ADD "details_version" integer NOT NULL DEFAULT 0`,
    );
    await runner.query(
      `ALTER TABLE "refresh_tokens" ADD "remembered" boolean NOT NULL DEFAULT false`,
    );
    await runner.query(
      `CREATE INDEX "ix_refresh_tokens_used" ON "refresh_tokens" ("remembered", "used_at") WHERE used_at IS NOT NULL`,
    );
    await runner.query(`DROP INDEX "ix_refresh_tokens_used_at"`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX "ix_refresh_tokens_used_at" ON "refresh_tokens" ("used_at") WHERE used_at IS NOT NULL`,
    );
    await runner.query(`DROP INDEX "ix_refresh_tokens_used"`);
    await runner.query(`ALTER TABLE "refresh_tokens" DROP COLUMN "remembered"`);
    await runner.query(
      `ALTER TABLE "sessions" DROP COLUMN "remembered", DROP COLUMN "authenticated_at",
         DROP COLUMN "amr", DROP COLUMN "attributes", DROP COLUMN "details_version"`,
    );
  }
}
