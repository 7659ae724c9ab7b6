import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddAuditEvents1764400000000 implements MigrationInterface {
  name = 'AddAuditEvents1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_events" (
        "id" uuid NOT NULL,
        "occurred_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "name" character varying(64) NOT NULL,
        "user_id" uuid,
        "session_id" uuid,
        "actor_id" uuid,
        "ip" inet,
        "user_agent" character varying(512),
        "request_id" character varying(128),
        "details" jsonb NOT NULL,
        CONSTRAINT "pk_audit_events" PRIMARY KEY ("id")
      )`);
    await runner.query(
      `CREATE INDEX "ix_audit_events_user" ON "audit_events" ("user_id", "occurred_at", "id")`,
    );
    await runner.query(
      `CREATE INDEX "ix_audit_events_occurred_at" ON "audit_events" ("occurred_at")`,
    );
    await runner.query(`
      CREATE FUNCTION "refuse_change_of_audit_events"() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit_events are never changed';
      END $$`);
    await runner.query(`
      CREATE TRIGGER "tr_audit_events_append_only" BEFORE UPDATE ON "audit_events"
        FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change_of_audit_events"()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "audit_events"`);
    await runner.query(`DROP FUNCTION "refuse_change_of_audit_events"`);
  }
}
