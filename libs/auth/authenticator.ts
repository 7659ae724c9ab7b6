import { Injectable } from '@nestjs/common';
import { SessionRevokedError, SessionVerifier, type Session } from '#libs/session';
import { ProfileCache } from '#libs/user';
import { TokenExpiredError } from './auth.errors';
import { TokenService, type AccessTokenClaims } from './token.service';

/** The verified session of a request. */
export interface Authenticated {
  claims: Readonly<AccessTokenClaims>;
  session: Session;
  /** The cached profile, if it was requested; pass it to `AccountService.profile`. */
  cachedProfile: string | null;
}

/** One authentication of a request. */
export interface Attempt {
  /** Whether to read the cached profile in the same round trip. */
  readonly withProfile: boolean;
  /** Whether the request may repeat a revocation that is in Redis but not in Postgres. */
  readonly repeatsRevocation?: boolean;
  /**
   * Set once the signature of the token is verified, even if the token has expired or its session is revoked: for the
   * log, never for authorisation.
   */
  claimed?: { id: string; userId: string };
}

/** From a bearer token to a live session, for every protected request. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: TokenService,
    private readonly sessions: SessionVerifier,
    private readonly profiles: ProfileCache,
  ) {}

  /**
   * One Redis round trip, with or without the profile; no Postgres query.
   * @throws TokenInvalidError, TokenExpiredError, synchronously; rejects with SessionRevokedError, SessionExpiredError,
   * DependencyUnavailableError.
   */
  authenticate(token: string, attempt: Attempt): Promise<Authenticated> {
    const claims = this.verify(token, attempt);
    const { sub, sid } = claims;
    const along = attempt.withProfile ? this.profiles.keyOf(sub) : undefined;
    const verified = this.sessions.verify(sub, sid, along);
    const found = attempt.repeatsRevocation
      ? verified.catch((error: unknown) => this.unlessUnrecorded(claims, error))
      : verified;
    // Called for every request: each async function would cost time on all of them.
    return found.then(({ session, cachedProfile }) => ({ claims, session, cachedProfile }));
  }

  private async unlessUnrecorded({ sub, sid }: AccessTokenClaims, error: unknown) {
    if (error instanceof SessionRevokedError) {
      return this.sessions.verifyRecorded(sub, sid);
    }
    throw error;
  }

  private verify(token: string, attempt: Attempt): Readonly<AccessTokenClaims> {
    try {
      const claims = this.tokens.verify(token);
      attempt.claimed = { id: claims.sid, userId: claims.sub };
      return claims;
    } catch (error) {
      if (error instanceof TokenExpiredError && error.session) {
        attempt.claimed = error.session;
      }
      throw error;
    }
  }
}
