import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Ends of disablings, times of sign-ins, and the indexes by which administrators list and search accounts. The collation
 * "C" makes an index serve prefixes in every locale. A name is indexed by its first 64 characters: an entry of a B-tree
 * has at most 2,704 bytes.
 */
export class AddUserAdministration1765200000000 implements MigrationInterface {
  name = 'AddUserAdministration1765200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "users"
        ADD "disabled_until" TIMESTAMP(3) WITH TIME ZONE,
        ADD "disabled_reason" text,
        ADD "last_sign_in_at" TIMESTAMP(3) WITH TIME ZONE`);
    await runner.query(`CREATE INDEX "ix_users_created_at" ON "users" ("created_at", "id")`);
    await runner.query(
      `CREATE INDEX "ix_users_administrators" ON "users" ("created_at", "id") WHERE role = 'admin'`,
    );
    await runner.query(
      `CREATE INDEX "ix_users_disabled" ON "users" ("created_at", "id") WHERE disabled_at IS NOT NULL`,
    );
    await runner.query(`CREATE INDEX "ix_users_email_prefix" ON "users" ("email" COLLATE "C")`);
    await runner.query(
      `CREATE INDEX "ix_users_name_prefix" ON "users" ((left(lower(display_name), 64)) COLLATE "C", "id")
        WHERE display_name IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "ix_users_name_prefix"`);
    await runner.query(`DROP INDEX "ix_users_email_prefix"`);
    await runner.query(`DROP INDEX "ix_users_disabled"`);
    await runner.query(`DROP INDEX "ix_users_administrators"`);
    await runner.query(`DROP INDEX "ix_users_created_at"`);
    await runner.query(`
      ALTER TABLE "users" DROP COLUMN "disabled_until", DROP COLUMN "disabled_reason", DROP COLUMN "last_sign_in_at"`);
  }
}
