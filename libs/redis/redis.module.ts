import { Module, type DynamicModule } from '@nestjs/common';
import { RedisModule as DriverModule, RedisService } from '@liaoliaots/nestjs-redis';
import type { OptionsFactory } from '#libs/common';
import { Metrics, MetricsModule } from '#libs/metrics';
import { Tracer, TracingModule } from '#libs/tracing';
import { RedisClient } from './redis-client';

export interface RedisOptions {
  /** `redis://` or `rediss://` address. */
  url: string;
  /** Milliseconds until a command without an answer fails and the connection is given up. */
  commandTimeoutMs?: number;
  /** Milliseconds until a connection attempt counts as failed. */
  connectTimeoutMs?: number;
}

const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 1000;
const MAX_RECONNECT_DELAY_MS = 250;

/** The door to Redis. Everything else in the product speaks to it through `RedisClient`. */
@Module({})
export class RedisModule {
  static forRootAsync(options: OptionsFactory<RedisOptions>): DynamicModule {
    return {
      module: RedisModule,
      global: true,
      imports: [
        MetricsModule,
        TracingModule,
        DriverModule.forRootAsync(
          {
            ...(options.imports && { imports: options.imports }),
            ...(options.inject && { inject: options.inject }),
            useFactory: async (...injected: unknown[]) => ({
              closeClient: true,
              // RedisClient says it, once an outage and not at every attempt.
              errorLog: false,
              readyLog: false,
              config: driverOptions(await options.useFactory(...injected)),
            }),
          },
          false,
        ),
      ],
      providers: [
        {
          provide: RedisClient,
          inject: [RedisService, Metrics, Tracer],
          useFactory: (driver: RedisService, metrics: Metrics, tracer: Tracer) => {
            const redis = driver.getOrThrow();
            const timeoutMs = redis.options.commandTimeout ?? COMMAND_TIMEOUT_MS;
            return new RedisClient(redis, timeoutMs, metrics, tracer);
          },
        },
      ],
      exports: [RedisClient],
    };
  }
}

/**
 * A dead Redis must fail a command at once, not hold it: no offline queue, no silent resend (a
 * resent script might run twice), a deadline for each command. A connection on which nothing comes
 * back any more is given up, for it may be half-open. A server that has become a replica is left:
 * the address may lead to the new master by now. Reconnecting goes on for ever, four times a second.
 */
function driverOptions(options: RedisOptions) {
  const commandTimeoutMs = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
  return {
    url: options.url,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    commandTimeout: commandTimeoutMs,
    // Later: a process that was itself held up finds the answers on a connection that still stands.
    socketTimeout: 2 * commandTimeoutMs,
    connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    maxLoadingRetryTime: MAX_RECONNECT_DELAY_MS,
    retryStrategy: (attempt: number) => Math.min(25 * 2 ** attempt, MAX_RECONNECT_DELAY_MS),
  };
}
