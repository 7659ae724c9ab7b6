import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { DependencyUnavailableError, ThrottledLog } from '#libs/common';
import { serializeError } from '#libs/log';
import { Metrics } from '#libs/metrics';
import { RedisClient, type RedisScript } from '#libs/redis';
import type { Counter, RateLimitState } from './counter';
import { LIMIT_NAMES, type LimitName } from './limit-name';
import { RateLimitOptions } from './rate-limit.options';
import { RateLimitedError } from './rate-limited.error';

/** The value of a number that was read in the same round trip, and the milliseconds until it expires. */
export interface Reading {
  value: number;
  leftMs: number;
}

const NOTHING: Reading = { value: 0, leftMs: 0 };

interface Outcome {
  /** Undefined for an attempt that is not counted. */
  closest: Counter | undefined;
  counted: number;
  leftMs: number;
  isRefused: boolean;
  /** Of a refusal: whether it is the first of its window. */
  isFirst: boolean;
  readings: Reading[];
}

export interface Admitted {
  /** Of the counter that is closest to its limit; null if limits are off. */
  state: RateLimitState | null;
  /** In the order of the request. */
  readings: Reading[];
}

/**
 * Counts attempts in Redis, for all instances together; while Redis is unavailable, each instance counts in its memory.
 * One Redis round trip per call, for any number of counters. No method rejects because Redis is unavailable.
 */
@Injectable()
export class AttemptCounters {
  private readonly logger = new Logger('AttemptCounters');
  private readonly errors = new ThrottledLog((line, message) => this.logger.error(line, message));
  /** Each call has its own limit and window. */
  private readonly memory = new RateLimiterMemory({ points: 1, duration: 1 });
  private readonly script: RedisScript;
  private readonly countRefusal: (limit: LimitName) => void;

  constructor(
    private readonly options: RateLimitOptions,
    private readonly redis: RedisClient,
    metrics: Metrics,
  ) {
    this.script = redis.script(join(__dirname, 'scripts', 'admit-attempt.lua'));
    this.countRefusal = metrics.auth.refusals(LIMIT_NAMES);
  }

  /**
   * Counts an attempt on each of its counters, or on none if one of them has reached its limit.
   * @param counters from the broadest to the narrowest; the first one at its limit refuses.
   * @param markKeys keys of numbers to read in the same round trip.
   * @throws RateLimitedError
   */
  async admit(counters: readonly Counter[], markKeys: readonly string[] = []): Promise<Admitted> {
    if (!this.options.enabled) {
      return { state: null, readings: markKeys.map(() => NOTHING) };
    }
    const outcome = await this.count(counters, markKeys);
    const state = stateOf(outcome);
    if (outcome.isRefused && outcome.closest && state) {
      const { limit, key } = outcome.closest;
      this.refuse(new RateLimitedError(limit, state, outcome.isFirst, key));
    }
    return { state, readings: outcome.readings };
  }

  /** Counts a past event; never refuses. */
  async note(counters: readonly Counter[]): Promise<void> {
    if (this.options.enabled) {
      await this.count(counters, []);
    }
  }

  /** Counts a refusal, and throws it. */
  refuse(refusal: RateLimitedError): never {
    this.countRefusal(refusal.limit);
    throw refusal;
  }

  private async count(counters: readonly Counter[], markKeys: readonly string[]): Promise<Outcome> {
    const keyOf = (name: string) => this.redis.keys.limit(name);
    const keys = counters.map(({ key }) => keyOf(key));
    const args = counters.flatMap(({ attempts, windowSeconds, longestWaitSeconds, counts }) => [
      attempts,
      windowSeconds,
      longestWaitSeconds ?? windowSeconds,
      counts ? 1 : 0,
    ]);
    try {
      const answer = await this.script(
        [...keys, ...keys.map((key) => `${key}:passed`), ...markKeys.map(keyOf)],
        [counters.length, ...args],
      );
      return readAnswer(answer as number[], counters, markKeys.length);
    } catch (error) {
      if (!(error instanceof DependencyUnavailableError)) {
        this.errors.write({ err: serializeError(error) }, 'attempts could not be counted');
      }
      return this.countInMemory(counters, markKeys);
    }
  }

  /**
   * Counts one counter after the other, so an attempt that a narrower counter refuses has counted on the broader ones.
   * Waits do not grow.
   */
  private async countInMemory(
    counters: readonly Counter[],
    markKeys: readonly string[],
  ): Promise<Outcome> {
    let closest: Counter | undefined;
    let [counted, leftMs] = [0, 0];
    for (const counter of counters) {
      const { key, counts, attempts, windowSeconds } = counter;
      const state = counts
        ? await this.memory.penalty(key, 1, { customDuration: windowSeconds })
        : await this.memory.get(key);
      const { consumedPoints = 0, msBeforeNext = windowSeconds * 1000 } = state ?? {};
      const isRefused = counts ? consumedPoints > attempts : consumedPoints >= attempts;
      if (!closest || isRefused || attempts - consumedPoints <= closest.attempts - counted) {
        [closest, counted, leftMs] = [counter, consumedPoints, msBeforeNext];
      }
      if (isRefused) {
        const isFirst = consumedPoints === attempts + 1;
        return { closest, counted, leftMs, isRefused, isFirst, readings: [] };
      }
    }
    const states = await Promise.all(markKeys.map((key) => this.memory.get(key)));
    const readings = states.map((state) =>
      state ? { value: state.consumedPoints, leftMs: state.msBeforeNext } : NOTHING,
    );
    return { closest, counted, leftMs, isRefused: false, isFirst: false, readings };
  }
}

/** @param answer of `admit-attempt.lua`. */
function readAnswer(
  [refusing = 0, closest = 0, counted = 0, leftMs = 0, first = 0, ...read]: number[],
  counters: readonly Counter[],
  readings: number,
): Outcome {
  return {
    closest: counters[closest - 1],
    counted,
    leftMs,
    isRefused: refusing > 0,
    isFirst: first === 1,
    readings: Array.from({ length: readings }, (_, index) => ({
      value: read[2 * index] ?? 0,
      leftMs: read[2 * index + 1] ?? 0,
    })),
  };
}

function stateOf({ closest, counted, leftMs }: Outcome): RateLimitState | null {
  return closest
    ? {
        limit: closest.attempts,
        remaining: Math.max(0, closest.attempts - counted),
        resetSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
      }
    : null;
}
