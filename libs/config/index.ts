export { describeSettings } from './describe-settings';
export {
  loadCommandSettings,
  loadDatabaseUrl,
  loadKeySettings,
  loadRedisSettings,
  loadSettings,
  SettingsModule,
} from './settings.module';
export type { RedisSettings } from './redis-settings';
export { logFormatOf } from './log-format';
export { parseSettings, Settings } from './settings';
export { publicPathOf } from './public-url';
export { DEFAULT_SCHEDULES } from './topics/operation';
export { SettingsError } from './settings-error';
export type { JwtKeys, JwtKeySource } from './settings-sections';
export type { TrustedProxies } from './setting-types';
