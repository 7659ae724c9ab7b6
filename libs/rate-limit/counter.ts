import { createHash } from 'node:crypto';
import type { AddressGroup } from './address-group';
import type { LimitName } from './limit-name';

/** The limit of one kind of attempt. */
export interface LimitRule {
  /** Part of its Redis keys. */
  name: string;
  /** Its name in metrics, events and errors. */
  limit: LimitName;
  /** Attempts per window. */
  attempts: number;
  windowSeconds: number;
  /** The longest wait of a client that exceeds the limit repeatedly. Absent: the window. */
  longestWaitSeconds?: number;
}

/** One counter of a rule: of an address, an account, a user. */
export interface Counter extends LimitRule {
  /** Its name in Redis, without the prefix of `RedisKeys`. */
  key: string;
  /** Whether the attempt counts; false: it is only refused if the limit has been reached. */
  counts: boolean;
}

/** The state of a counter, for the headers of answers. */
export interface RateLimitState {
  /** Attempts per window. */
  limit: number;
  remaining: number;
  /** Seconds until the window ends. */
  resetSeconds: number;
}

/** The counter of one subject. */
export function counterOf(rule: LimitRule, thing: string): Counter {
  return { ...rule, key: counterName(rule.name, thing), counts: true };
}

/** A counter for each group, or for each pair of the subject and a group. */
export function countersOf(
  rule: LimitRule,
  groups: readonly AddressGroup[],
  thing = '',
): Counter[] {
  return groups.map(({ name, times }) => ({
    ...counterOf(rule, `${thing}\n${name}`),
    attempts: rule.attempts * times,
  }));
}

/** The same counters, checked without counting. */
export function checkOnly(counters: readonly Counter[]): Counter[] {
  return counters.map((counter) => ({ ...counter, counts: false }));
}

/** With a hash of the thing: Redis stores neither addresses nor accounts. */
export function counterName(name: string, thing: string): string {
  const hash = createHash('sha256').update(thing).digest('base64url').slice(0, 22);
  return `${name}:${hash}`;
}
