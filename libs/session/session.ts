/** A sign-in of one user on one device. Instants in milliseconds since the Unix epoch. */
export interface Session {
  /** UUID; stays the same for the session's whole life and may be shown. */
  id: string;
  userId: string;
  /** The user's role when the session was opened; this, not the token, decides. */
  role: string;
  /** The user's generation when the session was opened: any later revoke-all is above it. */
  generation: number;
  expiresAtMs: number;
}

/** A session with the instant of its sign-in, which its record keeps and Redis does not. */
export interface DatedSession extends Session {
  createdAtMs: number;
}

/** A session with all that only its record knows. */
export interface RecordedSession extends DatedSession {
  /** Exact to a minute. */
  lastSeenAtMs: number;
  ip: string | null;
  userAgent: string | null;
}

/** Why a session ended before its expiry: the same spelling in Postgres, events and metrics. */
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
] as const;

export type EndReason = (typeof END_REASONS)[number];

/** By how much the clocks of instances may differ, in milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * How long a tombstone stands at least, in sync leases. An instance that read Postgres before the session ended may
 * put it back for one lease more, by the clock of Redis; the rest is for that clock being set back meanwhile.
 */
const LEAST_LEASES = 5;

/** What bounds the life of a tombstone, in milliseconds. */
export interface TombstoneBounds {
  /** Of a sync lease. */
  leaseMs: number;
  /** The longest life; goes for nothing below `LEAST_LEASES`. */
  limitMs: number;
}

/**
 * Milliseconds that a tombstone must stay: until no instance takes any token of the session for valid, whatever its
 * clock says, within the configured limit. After that a token is refused for its own expiry, or by Postgres.
 * Never shorter than a write of an instance that stalls can be under way.
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
