import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddRefreshTokensAndAccountState1764100000000 implements MigrationInterface {
  name = 'AddRefreshTokensAndAccountState1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "users" ADD "disabled_at" TIMESTAMP(3) WITH TIME ZONE`);
    await runner.query(`
      CREATE TABLE "refresh_tokens" (
        "id" uuid NOT NULL,
        "session_id" uuid NOT NULL,
        "secret_hash" bytea NOT NULL,
        "issued_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "used_at" TIMESTAMP(3) WITH TIME ZONE,
        "used_by" character varying(512),
        "successor_id" uuid,
        "successor_salt" bytea,
        CONSTRAINT "pk_refresh_tokens" PRIMARY KEY ("id"),
        CONSTRAINT "ck_refresh_tokens_used_with_successor" CHECK (
          (used_at IS NULL) = (successor_id IS NULL)
          AND (used_at IS NULL) = (successor_salt IS NULL)
        ),
        CONSTRAINT "fk_refresh_tokens_session" FOREIGN KEY ("session_id")
          REFERENCES "sessions" ("id") ON DELETE CASCADE
      )`);
    await runner.query(
      `CREATE INDEX "ix_refresh_tokens_session" ON "refresh_tokens" ("session_id")`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "refresh_tokens"`);
    await runner.query(`ALTER TABLE "users" DROP COLUMN "disabled_at"`);
  }
}
