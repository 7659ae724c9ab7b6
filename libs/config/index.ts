export { loadDatabaseUrl, loadKeySettings, loadSettings, SettingsModule } from './settings.module';
export { parseSettings, Settings } from './settings';
export { SettingsError } from './settings-error';
export type { JwtKeys } from './settings-sections';
export type { TrustedProxies } from './setting-types';
