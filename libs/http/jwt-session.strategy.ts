import { Injectable, Optional } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport';
import { Authenticator, TokenMissingError, type Attempt, type Authenticated } from '#libs/auth';
import type { AuthenticatedRequest } from './authenticated-request';
import { SessionCookies } from './cookies/session-cookies';

export const JWT_SESSION_STRATEGY = 'jwt-session';

type Verify = (
  request: AuthenticatedRequest,
  done: (error: unknown, user: Authenticated | null) => void,
) => void;

/** Passes a request to `validate` and its outcome to passport. */
class BearerStrategy extends Strategy {
  constructor(private readonly verify: Verify) {
    super();
  }

  override authenticate(request: unknown): void {
    this.verify(request as AuthenticatedRequest, (error, user) => {
      if (user) {
        this.success(user);
      } else {
        this.error(error);
      }
    });
  }
}

/** RFC 6750 section 2.1. The scheme is case-insensitive (RFC 9110 section 11.1). */
const BEARER = /^Bearer +([^\s]+)$/i;

/**
 * Passport strategy: a JWT with a live session, of the header `Authorization`, or where that is absent, of the cookie.
 * Applications may use its name in their own guards.
 */
@Injectable()
export class JwtSessionStrategy extends PassportStrategy(BearerStrategy, JWT_SESSION_STRATEGY) {
  constructor(
    private readonly authenticator: Authenticator,
    @Optional() private readonly cookies?: SessionCookies,
  ) {
    super();
  }

  /**
   * @throws TokenMissingError, AmbiguousCookieError, CrossSiteRequestError, synchronously; otherwise as
   * `Authenticator.authenticate`.
   */
  validate(request: AuthenticatedRequest): Promise<Authenticated> {
    const token = this.tokenOf(request);
    if (!token) {
      throw new TokenMissingError();
    }
    const attempt: Attempt = {
      withProfile: request.readsProfile === true,
      repeatsRevocation: request.repeatsRevocation === true,
    };
    request.attempt = attempt;
    return this.authenticator.authenticate(token, attempt);
  }

  /** `Authorization` decides where it is present: the cookie is not tried after a bad token. */
  private tokenOf(request: AuthenticatedRequest): string | undefined {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      return BEARER.exec(authorization)?.[1];
    }
    const token = this.cookies?.accessTokenOf(request);
    request.byCookie = token !== undefined;
    return token;
  }
}
