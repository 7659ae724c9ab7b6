import { createHash } from 'node:crypto';
import type { AddressGroup } from './address-group';
import type { LimitName } from './limit-name';

/** What is allowed of one kind. */
export interface LimitRule {
  /** Part of the names of its keys in Redis. */
  name: string;
  /** How metrics, events and errors name it. */
  limit: LimitName;
  /** Attempts in a window. */
  attempts: number;
  windowSeconds: number;
  /** A client that passes the limit again and again waits this long at most. The window where absent. */
  longestWaitSeconds?: number;
}

/** One counter of a rule: of an address, an account, a user. */
export interface Counter extends LimitRule {
  /** Its key in Redis. */
  key: string;
  /** Whether the attempt counts; false: it is only refused when the limit has been reached. */
  counts: boolean;
}

/** The state of a counter, as answers show it. */
export interface RateLimitState {
  /** Attempts in a window. */
  limit: number;
  remaining: number;
  /** Seconds until the window is over. */
  resetSeconds: number;
}

/** The counter of one thing. */
export function counterOf(rule: LimitRule, thing: string): Counter {
  return { ...rule, key: keyOf(rule.name, thing), counts: true };
}

/** A counter for each group, or for each pair of the thing and a group. */
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

/** The same counters, to be checked only. */
export function checkOnly(counters: readonly Counter[]): Counter[] {
  return counters.map((counter) => ({ ...counter, counts: false }));
}

/** Hashed: Redis learns neither addresses nor accounts. */
export function keyOf(name: string, thing: string): string {
  const hash = createHash('sha256').update(thing).digest('base64url').slice(0, 22);
  return `latchkey:limit:${name}:${hash}`;
}
