import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { createVerifier } from '../latchkey-verifier.js';
import type { VerifierOptions } from '../options.js';
import type { Verifier } from '../verifier.js';
import { SessionGuard } from './session-guard.js';
import { SessionSockets } from './session-sockets.js';
import { LATCHKEY_VERIFIER } from './tokens.js';
import { VerifierErrorFilter } from './verifier-error-filter.js';

/** Options that other providers know, such as a `ConfigService`. */
export interface AsyncVerifierOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: FactoryProvider['inject'];
  // Nest does not know the types of what it injects.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  useFactory: (...injected: any[]) => VerifierOptions | Promise<VerifierOptions>;
}

/** One verifier for the application, closed with it; `SessionGuard`, `SessionSockets`, and the filter for their errors. */
@Module({})
export class LatchkeyVerifierModule implements OnApplicationShutdown {
  constructor(@Inject(LATCHKEY_VERIFIER) private readonly verifier: Verifier) {}

  static forRoot(options: VerifierOptions): DynamicModule {
    return this.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports, inject, useFactory }: AsyncVerifierOptions): DynamicModule {
    const verifier: FactoryProvider<Verifier> = {
      provide: LATCHKEY_VERIFIER,
      inject: inject ?? [],
      useFactory: async (...injected: unknown[]) => createVerifier(await useFactory(...injected)),
    };
    return {
      module: LatchkeyVerifierModule,
      global: true,
      imports: imports ?? [],
      providers: [
        verifier,
        SessionGuard,
        SessionSockets,
        { provide: APP_FILTER, useClass: VerifierErrorFilter },
      ],
      exports: [LATCHKEY_VERIFIER, SessionGuard, SessionSockets],
    };
  }

  onApplicationShutdown(): void {
    this.verifier.close();
  }
}
