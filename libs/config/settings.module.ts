import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { checkEnvFile } from './env-file';
import { withSecretFiles } from './secret-files';
import {
  parseCommandSettings,
  parseDatabaseUrl,
  parseKeySettings,
  parseRedisUrl,
  parseSettings,
  Settings,
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
export async function loadSettings(): Promise<Settings> {
  return parseSettings(await environment());
}

/** As `loadSettings`, for what needs no more than the database. @throws SettingsError */
export async function loadDatabaseUrl(): Promise<string> {
  return parseDatabaseUrl(await environment());
}

/** As `loadSettings`, for what needs no more than Redis. @throws SettingsError */
export async function loadRedisUrl(): Promise<string> {
  return parseRedisUrl(await environment());
}

/** As `loadSettings`, for a process that neither signs nor checks a token. @throws SettingsError */
export async function loadCommandSettings(): Promise<Settings> {
  return parseCommandSettings(await environment());
}

/** As `loadSettings`, for the care of keys, which needs no store. @throws SettingsError */
export async function loadKeySettings(): Promise<KeySettings> {
  return parseKeySettings(await environment());
}

/** The only place of the product that looks at the environment. */
async function environment(): Promise<Readonly<Record<string, string | undefined>>> {
  const production = process.env.NODE_ENV === 'production';
  const envFilePath = production ? ['.env'] : ['.env', RUNNING_START];
  envFilePath.forEach(checkEnvFile);
  await ConfigModule.forRoot({ envFilePath });
  return withSecretFiles(process.env);
}
