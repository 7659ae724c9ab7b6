import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { parseSettings, Settings } from './settings';

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

/**
 * Reads `.env` of the working folder and the process environment, which wins. The only place of the
 * product that looks at either; called before Nest starts, so that a bad value stops the start with
 * one sentence and no stack.
 * @throws SettingsError
 */
export async function loadSettings(): Promise<Settings> {
  let settings: Settings | undefined;
  await ConfigModule.forRoot({
    validate(environment) {
      settings = parseSettings(environment as Record<string, string | undefined>);
      return environment;
    },
  });
  return settings as unknown as Settings;
}
