import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PrepareAvatars1764300000000 implements MigrationInterface {
  name = 'PrepareAvatars1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "users" ALTER "display_name" TYPE text`);
    await runner.query(
      `CREATE INDEX "ix_users_avatar_url" ON "users" ("avatar_url") WHERE avatar_url IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "ix_users_avatar_url"`);
    await runner.query(
      `ALTER TABLE "users" ALTER "display_name" TYPE character varying(320)
        USING left(display_name, 320)`,
    );
  }
}
