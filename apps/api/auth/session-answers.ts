import { Injectable, Optional } from '@nestjs/common';
import { TokenRevocationService, type SignedIn, type TokenPair } from '#libs/auth';
import { ValidationFailedError } from '#libs/common';
import { AmbiguousCookieError, SessionCookies, SessionCookiesMissingError } from '#libs/http';
import type { HttpExchange } from '../http/exchange.decorator';
import type { AuthResultDto, CookieResult } from './auth.dto';

/** Answers sign-ins and refreshes with tokens in the body or in cookies. */
@Injectable()
export class SessionAnswers {
  constructor(
    private readonly revocation: TokenRevocationService,
    @Optional() private readonly cookies?: SessionCookies,
  ) {}

  /**
   * Checks before a sign-in that its answer may set cookies: another site must not sign its own account in here.
   * @throws ValidationFailedError without the setting `COOKIES`; CrossSiteRequestError
   */
  admitCookies({ request }: HttpExchange): void {
    this.cookiesOrRefusal().requireAllowedPage(request);
  }

  inBody(signedIn: SignedIn): AuthResultDto {
    const { accessToken, refreshToken } = signedIn;
    return {
      accessToken: accessToken.token,
      tokenType: 'Bearer',
      refreshToken,
      ...withoutTokens(signedIn),
    };
  }

  /**
   * Ends the session whose cookies a sign-in is about to replace (OWASP ASVS 7.2.4): no client would hold its tokens any
   * more. One query and one Redis round trip, and none without a cookie.
   * @throws DependencyUnavailableError
   */
  async endReplaced({ request }: HttpExchange): Promise<void> {
    const token = this.replacedToken(request);
    if (token !== undefined) {
      await this.revocation.revoke(token);
    }
  }

  /** Sets both cookies. They outlive the browser only for a session that the user wants to be remembered. */
  inCookies(signedIn: SignedIn, { request, reply }: HttpExchange): CookieResult {
    const { session, accessToken, refreshToken, refreshExpiresInSeconds } = signedIn;
    const cookies = this.cookiesOrRefusal().set(request, {
      accessToken: accessToken.token,
      refreshToken,
      maxAgeSeconds: session.remembered ? refreshExpiresInSeconds : undefined,
    });
    void reply.header('set-cookie', cookies);
    return withoutTokens(signedIn);
  }

  /**
   * The tokens of a refresh without a token in its body.
   * @throws ValidationFailedError without the setting `COOKIES`; CrossSiteRequestError, AmbiguousCookieError,
   * SessionCookiesMissingError
   */
  tokensOf({ request }: HttpExchange): TokenPair {
    if (!this.cookies) {
      throw refused('refreshToken', 'refreshToken must be a string');
    }
    const refreshToken = this.cookies.refreshTokenOf(request);
    // Refuses a page that may not send a POST.
    const accessToken = this.cookies.accessTokenOf(request);
    if (refreshToken === undefined || accessToken === undefined) {
      throw new SessionCookiesMissingError();
    }
    return { accessToken, refreshToken };
  }

  /** Two cookies must not keep a user from signing in. */
  private replacedToken(request: HttpExchange['request']): string | undefined {
    try {
      return this.cookies?.accessTokenOf(request);
    } catch (error) {
      if (error instanceof AmbiguousCookieError) {
        return undefined;
      }
      throw error;
    }
  }

  private cookiesOrRefusal(): SessionCookies {
    if (!this.cookies) {
      throw refused('cookies', 'cookies must be false: this server has the setting COOKIES=off');
    }
    return this.cookies;
  }
}

function withoutTokens({
  session,
  accessToken,
  refreshExpiresInSeconds,
  profile,
}: SignedIn): CookieResult {
  return {
    expiresIn: accessToken.expiresInSeconds,
    refreshExpiresIn: refreshExpiresInSeconds,
    session: {
      id: session.id,
      createdAt: new Date(session.createdAtMs).toISOString(),
      expiresAt: new Date(session.expiresAtMs).toISOString(),
    },
    user: profile,
  };
}

function refused(field: string, message: string): ValidationFailedError {
  return new ValidationFailedError([{ field, messages: [message] }]);
}
