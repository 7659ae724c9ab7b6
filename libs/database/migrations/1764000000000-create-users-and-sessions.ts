import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsersAndSessions1764000000000 implements MigrationInterface {
  name = 'CreateUsersAndSessions1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "users" (
        "id" uuid NOT NULL,
        "email" character varying(254) NOT NULL,
        "password_hash" text NOT NULL,
        "display_name" character varying(320),
        "bio" text,
        "avatar_url" text,
        "role" character varying(32) NOT NULL DEFAULT 'user',
        "profile_version" integer NOT NULL DEFAULT 1,
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        CONSTRAINT "pk_users" PRIMARY KEY ("id"),
        CONSTRAINT "uq_users_email" UNIQUE ("email"),
        CONSTRAINT "ck_users_email_lower_case" CHECK (email = lower(email))
      )`);
    await runner.query(`
      CREATE TABLE "subjects" (
        "user_id" uuid NOT NULL,
        "generation" integer NOT NULL DEFAULT 1,
        CONSTRAINT "pk_subjects" PRIMARY KEY ("user_id")
      )`);
    await runner.query(`
      CREATE TABLE "sessions" (
        "id" uuid NOT NULL,
        "user_id" uuid NOT NULL,
        "generation" integer NOT NULL,
        "role" character varying(32) NOT NULL,
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "last_seen_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "revoked_at" TIMESTAMP(3) WITH TIME ZONE,
        "revoked_reason" character varying(32),
        "ip" inet,
        "user_agent" character varying(512),
        CONSTRAINT "pk_sessions" PRIMARY KEY ("id"),
        CONSTRAINT "ck_sessions_revoked_with_reason"
          CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL)),
        CONSTRAINT "fk_sessions_subject" FOREIGN KEY ("user_id")
          REFERENCES "subjects" ("user_id") ON DELETE CASCADE
      )`);
    await runner.query(
      `CREATE INDEX "ix_sessions_user_live" ON "sessions" ("user_id") WHERE revoked_at IS NULL`,
    );
    await runner.query(`CREATE INDEX "ix_sessions_expires_at" ON "sessions" ("expires_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "sessions"`);
    await runner.query(`DROP TABLE "subjects"`);
    await runner.query(`DROP TABLE "users"`);
  }
}
