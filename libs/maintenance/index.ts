export { CLEAN_UP, CleanUp, type CleanedUp } from './clean-up';
export { MaintenanceModule } from './maintenance.module';
export { MaintenanceOptions } from './maintenance.options';
export { REDIS_CHECK, RedisCheck, type RedisChecked } from './redis-check';
