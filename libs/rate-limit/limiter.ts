import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { DependencyUnavailableError, ThrottledLog } from '#libs/common';
import { serializeError } from '#libs/log';
import type { RedisClient, RedisScript } from '#libs/redis';

/** What is allowed of one kind. */
export interface LimitRule {
  /** Part of the names of its keys in Redis. */
  name: string;
  /** Attempts in a window. */
  attempts: number;
  windowSeconds: number;
  /** Whoever passes the limit again and again waits this long at most. The window where absent. */
  longestWaitSeconds?: number;
}

/** Where somebody stands with a limit. */
export interface Standing {
  /** Attempts in a window. */
  limit: number;
  counted: number;
  remaining: number;
  /** Seconds until the window is over. */
  resetSeconds: number;
}

/** Loads the script that counts; once for all limiters. */
export function countingScript(redis: RedisClient): RedisScript {
  return redis.script(join(__dirname, 'scripts', 'count-attempt.lua'));
}

/**
 * Counts attempts in Redis, for all instances together; while Redis is away, each instance by itself.
 * The library counts, keeps the memory and changes over; what it asks of Redis is done by our script,
 * with its deadline and its breaker. One round trip.
 */
export class Limiter {
  private readonly logger = new Logger('Limiter');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  private readonly limiter: RateLimiterRedis;

  constructor(
    count: RedisScript,
    { name, attempts, windowSeconds, longestWaitSeconds }: LimitRule,
  ) {
    const window = { points: attempts, duration: windowSeconds };
    this.limiter = new RateLimiterRedis({
      ...window,
      keyPrefix: `latchkey:limit:${name}`,
      storeClient: {
        rlflxIncr: ([key = '', points = '', seconds = '']: string[]) =>
          this.complaining(
            count(
              [key, `${key}:passed`],
              [points, seconds, attempts, longestWaitSeconds ?? windowSeconds],
            ),
          ),
      },
      insuranceLimiter: new RateLimiterMemory(window),
    });
  }

  /** Counts an attempt of whoever the key stands for. Never rejects for Redis being away. */
  async count(key: string): Promise<Standing> {
    try {
      return this.standing(await this.limiter.consume(key));
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) {
        return this.standing(refusal);
      }
      throw refusal;
    }
  }

  /** Adds to what has been counted, or only looks at it: with 0. */
  async add(key: string, attempts: 0 | 1): Promise<Standing> {
    return this.standing(await this.limiter.penalty(key, attempts));
  }

  private standing({ consumedPoints, msBeforeNext }: RateLimiterRes): Standing {
    const limit = this.limiter.points;
    return {
      limit,
      counted: consumedPoints,
      remaining: Math.max(0, limit - consumedPoints),
      resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
    };
  }

  /** The library takes any error for a Redis that is away. */
  private async complaining<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        this.errors.write({ err: serializeError(error) }, 'attempts could not be counted');
      }
      throw error;
    }
  }
}
