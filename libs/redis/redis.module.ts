import { Module, type DynamicModule } from '@nestjs/common';
import { RedisModule as DriverModule, RedisService } from '@liaoliaots/nestjs-redis';
import type { OptionsFactory } from '#libs/common';
import { RedisClient } from './redis-client';

export interface RedisOptions {
  /** `redis://` or `rediss://` address. */
  url: string;
  /** Milliseconds until a command without an answer counts as failed. */
  commandTimeoutMs?: number;
  /** Milliseconds until a connection attempt counts as failed. */
  connectTimeoutMs?: number;
}

const MAX_RECONNECT_DELAY_MS = 1000;

/** The door to Redis. Everything else in the product speaks to it through `RedisClient`. */
@Module({})
export class RedisModule {
  static forRootAsync(options: OptionsFactory<RedisOptions>): DynamicModule {
    return {
      module: RedisModule,
      global: true,
      imports: [
        DriverModule.forRootAsync(
          {
            ...(options.imports && { imports: options.imports }),
            ...(options.inject && { inject: options.inject }),
            useFactory: async (...injected: unknown[]) => ({
              closeClient: true,
              config: driverOptions(await options.useFactory(...injected)),
            }),
          },
          false,
        ),
      ],
      providers: [
        {
          provide: RedisClient,
          inject: [RedisService],
          useFactory: (driver: RedisService) => new RedisClient(driver.getOrThrow()),
        },
      ],
      exports: [RedisClient],
    };
  }
}

/**
 * A dead Redis must fail a command at once, not hold it: no offline queue, no silent resend (a
 * resent script might run twice), a deadline for each command. Reconnecting goes on for ever, with
 * growing pauses of at most one second.
 */
function driverOptions(options: RedisOptions) {
  return {
    url: options.url,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    commandTimeout: options.commandTimeoutMs ?? 1000,
    connectTimeout: options.connectTimeoutMs ?? 2000,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, MAX_RECONNECT_DELAY_MS),
  };
}
