import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '#libs/common';
import { Metrics } from '#libs/metrics';
import {
  RefreshTokenInvalidError,
  SessionRefresher,
  SessionRevokedError,
  type GenuineToken,
} from '#libs/session';
import { UserStore, type Profile } from '#libs/user';
import { TokenService } from '../token.service';
import { SessionIssuer, type SignedIn } from './session-issuer';

/** Called for a genuine token before any write; if it throws, the token stays valid. */
export type AdmitRotation = (token: GenuineToken) => Promise<void>;

/** The tokens that cookies bring. */
export interface TokenPair {
  /** It may have expired. */
  accessToken: string;
  refreshToken: string;
}

@Injectable()
export class RefreshService {
  constructor(
    private readonly users: UserStore,
    private readonly refresher: SessionRefresher,
    private readonly sessions: SessionIssuer,
    private readonly tokens: TokenService,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Exchanges a refresh token for new tokens and prolongs its session. See SessionRefresher.refresh.
   * @throws RefreshTokenInvalidError, SessionExpiredError, SessionRevokedError, DependencyUnavailableError
   */
  async refresh(
    refreshToken: string,
    client: RequestOrigin,
    admit?: AdmitRotation,
  ): Promise<SignedIn> {
    return this.metrics.auth.refreshes.count(() => this.rotate(refreshToken, client, admit));
  }

  /**
   * The same for tokens in cookies: the refresh token must be of the session of the access token, which is checked before
   * it is used. Another subdomain can set the refresh cookie, with a token of its own session, but not the access cookie. The
   * signature of the access token does not count: what admits the request is the refresh token.
   * @throws TokenInvalidError, and as `refresh`.
   */
  async refreshPair(
    { accessToken, refreshToken }: TokenPair,
    client: RequestOrigin,
    admit?: AdmitRotation,
  ): Promise<SignedIn> {
    return this.metrics.auth.refreshes.count(async () => {
      const id = this.tokens.namedSessionId(accessToken);
      return this.rotate(refreshToken, client, async (genuine) => {
        if (genuine.sessionId !== id) {
          throw new RefreshTokenInvalidError();
        }
        await admit?.(genuine);
      });
    });
  }

  private async rotate(
    refreshToken: string,
    client: RequestOrigin,
    admit?: AdmitRotation,
  ): Promise<SignedIn> {
    const profiles: Profile[] = [];
    // Before the token is used: if a store fails in between, the client must keep its session.
    const beforeRotation = async (userId: string) => {
      const current = await this.users.readProfile(userId);
      if (!current) {
        throw new SessionRevokedError();
      }
      profiles.push(current.profile);
    };
    const rotation = await this.refresher.refresh(refreshToken, client, { admit, beforeRotation });
    const [profile] = profiles as [Profile];
    return this.sessions.issue(rotation, profile, rotation.rotatedAtMs);
  }
}
