import type { SessionAttributes } from './session-attributes';

/** A sign-in of one user on one device. Instants in milliseconds since the Unix epoch. */
export interface Session {
  /** UUID; constant for the lifetime of the session, and not secret. */
  id: string;
  userId: string;
  /** The user's role when the session was opened. It decides, not the role in the token. */
  role: string;
  /** The user's generation when the session was opened; every later revoke-all is above it. */
  generation: number;
  expiresAtMs: number;
  /** When the session ends unless it is used. Absent without an idle time-out. */
  idleAtMs?: number | undefined;
  /**
   * How often the three fields below have changed since the sign-in. Absent: never; Redis then has none of the three,
   * and the claims of the token say when and how the user has authenticated.
   */
  detailsVersion?: number | undefined;
  /** The user's latest proof of identity. */
  authenticatedAtMs?: number | undefined;
  /** The methods of all proofs in this session (RFC 8176). */
  amr?: readonly string[] | undefined;
  attributes?: SessionAttributes | undefined;
}

/** A session with the instants of its sign-in and of its latest proof, which only Postgres has for every session. */
export interface DatedSession extends Session {
  createdAtMs: number;
  authenticatedAtMs: number;
  amr: readonly string[];
  /** Whether the user asked for the longer lifetime. */
  remembered: boolean;
}

/** When a session is over, unless it is used or refreshed. */
export function endsAtMs({ expiresAtMs, idleAtMs = Infinity }: Session): number {
  return Math.min(expiresAtMs, idleAtMs);
}

/** A session with all fields of its record. */
export interface RecordedSession extends DatedSession {
  /** Accurate to one minute. */
  lastSeenAtMs: number;
  ip: string | null;
  userAgent: string | null;
}

/** Why a session ended before its expiry: the same names in Postgres, events and metrics. */
export const END_REASONS = [
  'logout',
  'logout_all',
  'revoked_by_user',
  'revoked_by_administrator',
  'everyone_revoked',
  'session_limit',
  'password_change',
  'refresh_token_reused',
  'role_change',
  'account_disabled',
  'account_deleted',
  'canary',
] as const;

export type EndReason = (typeof END_REASONS)[number];

/** Maximum difference between the clocks of instances, in milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Minimum lifetime of a tombstone, in sync leases. An instance that read Postgres before the end of a session may write
 * it to Redis for one more lease, by the clock of Redis; the rest covers a step of that clock.
 */
const LEAST_LEASES = 5;

/** Bounds of a tombstone's lifetime, in milliseconds. */
export interface TombstoneBounds {
  /** Of a sync lease. */
  leaseMs: number;
  /** The maximum lifetime; has no effect below `LEAST_LEASES`. */
  limitMs: number;
}

/**
 * Lifetime of a tombstone in milliseconds: until no instance accepts a token of the session, with any clock skew,
 * within the configured maximum. Afterwards a token is refused for its expiry, or by Postgres. Never shorter than a
 * write of a stalled instance can be in flight.
 * @param tokensExpireAtMs latest expiry of an access token of the session.
 */
export function tombstoneTtlMs(
  tokensExpireAtMs: number,
  nowMs: number,
  { leaseMs, limitMs }: TombstoneBounds,
): number {
  const neededMs = tokensExpireAtMs + CLOCK_TOLERANCE_MS - nowMs;
  return Math.max(LEAST_LEASES * leaseMs, Math.min(neededMs, limitMs));
}
