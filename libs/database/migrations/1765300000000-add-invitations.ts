import type { MigrationInterface, QueryRunner } from 'typeorm';

/** No foreign key to `users`: an embedding application may keep its accounts elsewhere. */
export class AddInvitations1765300000000 implements MigrationInterface {
  name = 'AddInvitations1765300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "invitations" (
        "id" uuid NOT NULL,
        "code_hash" bytea NOT NULL,
        "email" character varying(254),
        "role" character varying(32) NOT NULL,
        "user_id" uuid,
        "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
        CONSTRAINT "pk_invitations" PRIMARY KEY ("id"),
        CONSTRAINT "uq_invitations_code_hash" UNIQUE ("code_hash")
      )`);
    await runner.query(
      `CREATE INDEX "ix_invitations_created_at" ON "invitations" ("created_at", "id")`,
    );
    await runner.query(`CREATE INDEX "ix_invitations_expires_at" ON "invitations" ("expires_at")`);
    await runner.query(
      `CREATE INDEX "ix_invitations_user" ON "invitations" ("user_id") WHERE user_id IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "invitations"`);
  }
}
