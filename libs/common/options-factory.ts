import type { InjectionToken, ModuleMetadata } from '@nestjs/common';

/** What every module's `forRootAsync` takes: where its options come from. */
export interface OptionsFactory<Options> {
  /** Modules that export what `inject` names. */
  imports?: NonNullable<ModuleMetadata['imports']>;
  inject?: InjectionToken[];
  // Nest types injected arguments as any; the factory names their types.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  useFactory: (...injected: any[]) => Options | Promise<Options>;
}
