import { Injectable } from '@nestjs/common';
import { SessionRevokedError, SessionVerifier, type Session } from '#libs/session';
import { ProfileCache } from '#libs/user';
import { TokenExpiredError } from './auth.errors';
import { TokenService, type AccessTokenClaims } from './token.service';

/** Who is asking, confirmed. */
export interface Authenticated {
  claims: Readonly<AccessTokenClaims>;
  session: Session;
  /** The cached profile, if it was asked for; to be given to `AccountService.profile`. */
  cachedProfile: string | null;
}

/** One try of a request to prove whose it is. */
export interface Attempt {
  /** Whether to read the cached profile in the same round trip. */
  readonly withProfile: boolean;
  /** Whether the request may repeat a revocation that Redis knows and Postgres does not. */
  readonly repeatsRevocation?: boolean;
  /**
   * Set as soon as the token's signature is found good, also where the token is expired or its session
   * revoked: for the log, never for an authorisation.
   */
  claimed?: { id: string; userId: string };
}

/** From a bearer token to a live session: the path of every protected request. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: TokenService,
    private readonly sessions: SessionVerifier,
    private readonly profiles: ProfileCache,
  ) {}

  /**
   * One Redis round trip, with or without the profile; no Postgres query.
   * @throws TokenInvalidError, TokenExpiredError, at once; rejects with SessionRevokedError,
   * SessionExpiredError, DependencyUnavailableError.
   */
  authenticate(token: string, attempt: Attempt): Promise<Authenticated> {
    const claims = this.verify(token, attempt);
    const { sub, sid } = claims;
    const along = attempt.withProfile ? this.profiles.keyOf(sub) : undefined;
    const verified = this.sessions.verify(sub, sid, along);
    const found = attempt.repeatsRevocation
      ? verified.catch((error: unknown) => this.unlessUnrecorded(claims, error))
      : verified;
    // Called for every request: each function that waits would be paid for by all of them.
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
