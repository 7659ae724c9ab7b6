import { Injectable } from '@nestjs/common';
import { ProfileCacheService } from '#libs/profile-cache';
import { SessionService, type Session } from '#libs/session';
import { TokenService, type AccessTokenClaims } from './token.service';

/** Who is asking, confirmed. */
export interface Authenticated {
  claims: Readonly<AccessTokenClaims>;
  session: Session;
  /** What stood in the profile cache, if it was asked for; to be given to `AccountService.profile`. */
  profileEntry: string | null;
}

/** From a bearer token to a live session: the path of every protected request. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: TokenService,
    private readonly sessions: SessionService,
    private readonly profiles: ProfileCacheService,
  ) {}

  /**
   * One Redis round trip, with or without the profile; no Postgres query.
   * @throws TokenInvalidError, TokenExpiredError, at once; rejects with SessionRevokedError,
   * SessionExpiredError, DependencyUnavailableError.
   */
  authenticate(token: string, options: { withProfile: boolean }): Promise<Authenticated> {
    const claims = this.tokens.verify(token);
    const { sub, sid } = claims;
    const along = options.withProfile ? this.profiles.keyOf(sub) : undefined;
    // Called for every request: each function that waits would be paid for by all of them.
    return this.sessions
      .verify(sub, sid, along)
      .then(({ session, companion }) => ({ claims, session, profileEntry: companion }));
  }
}
