import { Global, Module, type DynamicModule } from '@nestjs/common';
import { readEnvFile } from './env-file';
import { withSecretFiles } from './secret-files';
import {
  parseCommandSettings,
  parseDatabaseUrl,
  parseKeySettings,
  parseRedisUrl,
  parseSettings,
  Settings,
  type Environment,
  type KeySettings,
} from './settings';

/** Offers `Settings` to every module of the application. */
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

/** Written by `npm start` for as long as it runs: where its own stores are. */
const RUNNING_START = '.data/running.env';

/**
 * Reads the process environment, which wins, then `.env` of the working folder, then, outside
 * production, what a running `npm start` there has announced. Called before Nest starts, so that a
 * bad value stops the start with one sentence and no stack.
 * @throws SettingsError
 */
export function loadSettings(): Settings {
  return parseSettings(environment());
}

/** As `loadSettings`, for what needs no more than the database. @throws SettingsError */
export function loadDatabaseUrl(): string {
  return parseDatabaseUrl(environment());
}

/** As `loadSettings`, for what needs no more than Redis. @throws SettingsError */
export function loadRedisUrl(): string {
  return parseRedisUrl(environment());
}

/** As `loadSettings`, for a process that neither signs nor checks a token. @throws SettingsError */
export function loadCommandSettings(): Settings {
  return parseCommandSettings(environment());
}

/** As `loadSettings`, for the care of keys, which needs no store. @throws SettingsError */
export function loadKeySettings(): KeySettings {
  return parseKeySettings(environment());
}

/** The only place of the product that reads the environment. */
function environment(): Environment {
  const files = process.env.NODE_ENV === 'production' ? ['.env'] : ['.env', RUNNING_START];
  // Into the process: the SDKs of OpenTelemetry and AWS read variables of their own.
  for (const [name, value] of files.flatMap((path) => Object.entries(readEnvFile(path)))) {
    process.env[name] ??= value;
  }
  return withSecretFiles(process.env);
}
