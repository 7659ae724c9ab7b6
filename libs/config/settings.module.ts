import { Global, Module, type DynamicModule } from '@nestjs/common';
import { readEnvFile } from './env-file';
import { withSecretFiles } from './secret-files';
import type { RedisSettings } from './redis-settings';
import {
  parseCommandSettings,
  parseDatabaseUrl,
  parseKeySettings,
  parseRedisSettings,
  parseSettings,
  Settings,
  type Environment,
  type KeySettings,
} from './settings';

/** Provides `Settings` to all modules of the application. */
@Global()
@Module({})
export class SettingsModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: SettingsModule,
      providers: [{ provide: Settings, useValue: settings }],
      exports: [Settings],
    };
  }
}

/** The addresses of the stores of a running `npm start`. The file exists while it runs. */
const RUNNING_START = '.data/running.env';

/**
 * Reads the process environment, then `.env` of the working folder, then, outside production, the file of a running
 * `npm start`; the first value of a variable wins. Called before Nest starts, so that an invalid value stops the start
 * with one sentence and no stack.
 * @throws SettingsError
 */
export function loadSettings(): Settings {
  return parseSettings(environment());
}

/**
 * As `loadSettings`, for commands that need only the database.
 * @throws SettingsError
 */
export function loadDatabaseUrl(): string {
  return parseDatabaseUrl(environment());
}

/**
 * As `loadSettings`, for commands that need only Redis.
 * @throws SettingsError
 */
export function loadRedisSettings(): RedisSettings {
  return parseRedisSettings(environment());
}

/**
 * As `loadSettings`, for a process that neither signs nor verifies tokens.
 * @throws SettingsError
 */
export function loadCommandSettings(): Settings {
  return parseCommandSettings(environment());
}

/**
 * As `loadSettings`, for key commands, which need no store.
 * @throws SettingsError
 */
export function loadKeySettings(): KeySettings {
  return parseKeySettings(environment());
}

/** The only code that reads the environment. */
function environment(): Environment {
  const files = process.env.NODE_ENV === 'production' ? ['.env'] : ['.env', RUNNING_START];
  // Into the process environment: the SDKs of OpenTelemetry and AWS read variables of their own.
  for (const [name, value] of files.flatMap((path) => Object.entries(readEnvFile(path)))) {
    process.env[name] ??= value;
  }
  return withSecretFiles(process.env);
}
