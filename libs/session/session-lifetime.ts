import type { SessionOptions } from './session.options';

/** When a session expires that is opened or refreshed now: within its absolute lifetime. Unix time in ms. */
export function sessionExpiryMs(
  { ttlSeconds, maxLifetimeSeconds = ttlSeconds }: SessionOptions,
  nowMs: number,
  createdAtMs: number,
): number {
  return Math.min(nowMs + ttlSeconds * 1000, createdAtMs + maxLifetimeSeconds * 1000);
}

/** When an access token expires that is issued at an instant: it never outlives its session. Unix time in ms. */
export function tokenExpiryMs(
  { ttlSeconds, accessTokenTtlSeconds = ttlSeconds }: SessionOptions,
  issuedAtMs: number,
  sessionExpiresAtMs: number,
): number {
  return Math.min(issuedAtMs + accessTokenTtlSeconds * 1000, sessionExpiresAtMs);
}
