export { Database } from './database';
export { isOutdatedSchema, isUnavailable, isViolationOf } from './database-errors';
export { DatabaseInspector, type DatabaseServer, type PoolFigures } from './database-inspector';
export type { ReservedConnection } from './reserved-connection';
export type { DatabaseOptions } from './data-source-options';
export { DatabaseModule } from './database.module';
export { runMigrations } from './migrate';
export { waitForPostgres } from './wait-for-postgres';
