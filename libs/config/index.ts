export {
  loadDatabaseUrl,
  loadKeysDirectory,
  loadSettings,
  SettingsModule,
} from './settings.module';
export { parseSettings, Settings, SettingsError, type JwtKeys } from './settings';
export type { TrustedProxies } from './setting-types';
