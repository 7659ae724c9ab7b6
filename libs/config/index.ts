export { loadDatabaseUrl, loadSettings, SettingsModule } from './settings.module';
export { parseSettings, Settings, SettingsError } from './settings';
