/** A session that was alive when its token was verified. Frozen; requests with the same token may share it. */
export interface VerifiedSession {
  /** Claim `sub`. */
  readonly userId: string;
  /** Claim `sid`. */
  readonly sessionId: string;
  /** The role of the session, from the member `scope` of the introspection. */
  readonly role: string;
  /** Expiry of the access token. */
  readonly expiresAt: Date;
  /** All claims of the access token. */
  readonly claims: TokenClaims;
}

/** Claims that every access token of Latchkey has, beside any others. */
export interface TokenClaims {
  readonly sub: string;
  readonly sid: string;
  /** Unix time in seconds. */
  readonly exp: number;
  readonly [claim: string]: unknown;
}

/** Whether the token has expired. @param toleranceMs for clocks that differ */
export function isExpired({ exp }: TokenClaims, wallMs: number, toleranceMs: number): boolean {
  return wallMs >= exp * 1_000 + toleranceMs;
}
