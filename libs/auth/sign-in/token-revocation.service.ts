import { Injectable } from '@nestjs/common';
import { UserCaches } from '#libs/cache';
import { RefreshTokenInvalidError, SessionRefresher, SessionRevoker } from '#libs/session';
import { TokenInvalidError } from '../auth.errors';
import { TokenService, type TokenSession } from '../token.service';

/** Ends the session of a token, for the holder of the token (RFC 7009). */
@Injectable()
export class TokenRevocationService {
  constructor(
    private readonly tokens: TokenService,
    private readonly refresher: SessionRefresher,
    private readonly sessions: SessionRevoker,
    private readonly caches: UserCaches,
  ) {}

  /**
   * Ends the session of an access token, also of an expired one, or of a refresh token, also of a used one. Idempotent.
   * At most two queries and one Redis round trip.
   * @returns false for a text that is no token of this authority.
   * @throws DependencyUnavailableError, OverloadedError
   */
  async revoke(token: string): Promise<boolean> {
    const named = this.sessionOfAccessToken(token) ?? (await this.sessionOfRefreshToken(token));
    if (!named) {
      return false;
    }
    await this.sessions.revokeNamed(named, 'logout');
    await this.caches.clear(named.userId);
    return true;
  }

  private sessionOfAccessToken(token: string): TokenSession | undefined {
    try {
      return this.tokens.sessionOf(token);
    } catch (error) {
      if (error instanceof TokenInvalidError) {
        return undefined;
      }
      throw error;
    }
  }

  private async sessionOfRefreshToken(token: string): Promise<TokenSession | undefined> {
    try {
      return await this.refresher.sessionOf(token);
    } catch (error) {
      if (error instanceof RefreshTokenInvalidError) {
        return undefined;
      }
      throw error;
    }
  }
}
