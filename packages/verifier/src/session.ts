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
  /** When the user had last proved their identity, as the token was issued. Unix time in seconds. */
  readonly auth_time?: number;
  /** The methods of all proofs (RFC 8176). */
  readonly amr?: readonly string[];
  readonly [claim: string]: unknown;
}

/** Whether the token has expired. @param toleranceMs for clocks that differ */
export function isExpired({ exp }: TokenClaims, wallMs: number, toleranceMs: number): boolean {
  return wallMs >= exp * 1_000 + toleranceMs;
}
