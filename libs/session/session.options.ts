import { LifetimeOptions } from './session-lifetimes';

/** Options of the near cache. */
export interface NearCacheOptions {
  /** Maximum number of sessions; the oldest are dropped. */
  maxSessions: number;
}

export class SessionOptions extends LifetimeOptions {
  /** Maximum number of sessions per user; the oldest beyond it are revoked. Absent: no limit. */
  maxSessionsPerUser?: number | undefined;
  /**
   * Keeps sessions that Redis has confirmed in the process, with the cached content that was read together with them.
   * Every change of that content must append the user to the outbox. Absent: off.
   */
  nearCache?: NearCacheOptions | undefined;
}
