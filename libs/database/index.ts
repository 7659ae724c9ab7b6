export { Database } from './database';
export { DatabaseModule, type DatabaseOptions } from './database.module';
export { runMigrations } from './migrate';
export { waitForPostgres } from './wait-for-postgres';
