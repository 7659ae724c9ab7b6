import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../libs/database/data-source-options';
import { runMigrations } from '../../../libs/database';
import { AuditEventEntity } from '../../../libs/audit';
import { RefreshTokenEntity, SessionEntity, SubjectEntity } from '../../../libs/session';
import { OutboxEntity } from '../../../libs/sync';
import { InvitationEntity, UserEntity } from '../../../libs/user';
import { createTestDatabase, type TestDatabase } from '../../support/stores';

describe('the schema', () => {
  let database: TestDatabase;
  let entities: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    entities = await new DataSource({
      ...dataSourceOptions({ url: database.url }),
      entities: [
        UserEntity,
        SessionEntity,
        SubjectEntity,
        RefreshTokenEntity,
        OutboxEntity,
        AuditEventEntity,
        InvitationEntity,
      ],
    }).initialize();
  });

  afterAll(async () => {
    await entities.destroy();
    await database.drop();
  });

  it('is the same in the migrations and in the entities', async () => {
    const drift = await entities.driver.createSchemaBuilder().log();
    expect(drift.upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('names every constraint and index explicitly', async () => {
    const rows = await database.sql.query<{ name: string }[]>(
      `SELECT conname AS name FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
          AND conrelid <> 'migrations'::regclass
       UNION SELECT indexname FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    for (const { name } of rows) {
      expect(name).toMatch(/^(pk|uq|ck|fk|ix)_[a-z_]+$/);
    }
  });

  it('can be reverted and migrated again', async () => {
    const scratch = await createTestDatabase();
    const source = await new DataSource(dataSourceOptions({ url: scratch.url })).initialize();
    for (let left = source.migrations.length; left > 0; left--) {
      await source.undoLastMigration();
    }
    await source.destroy();
    expect(await runMigrations(scratch.url)).toEqual(source.migrations.map(({ name }) => name));
    await scratch.drop();
  });

  it('is migrated once, by any number of concurrent processes', async () => {
    const scratch = await createTestDatabase();
    await scratch.sql.query('DROP SCHEMA public CASCADE');
    await scratch.sql.query('CREATE SCHEMA public');
    const runs = await Promise.all(Array.from({ length: 5 }, () => runMigrations(scratch.url)));
    expect(runs.filter((ran) => ran.length > 0)).toHaveLength(1);
    await scratch.drop();
  });

  it('refuses two accounts for one address in different case', async () => {
    const insert = (id: string, email: string) =>
      database.sql.query(
        `INSERT INTO users (id, email, password_hash, created_at, updated_at)
         VALUES ($1, $2, 'x', now(), now())`,
        [id, email],
      );
    await insert('00000000-0000-4000-8000-000000000001', 'ada@example.com');
    await expect(insert('00000000-0000-4000-8000-000000000002', 'ADA@example.com')).rejects.toThrow(
      'ck_users_email_lower_case',
    );
    await expect(insert('00000000-0000-4000-8000-000000000003', 'ada@example.com')).rejects.toThrow(
      'uq_users_email',
    );
  });
});
