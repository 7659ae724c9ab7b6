import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '#libs/common';
import { Metrics } from '#libs/metrics';
import { SessionRefresher, SessionRevokedError, type GenuineToken } from '#libs/session';
import { UserStore, type Profile } from '#libs/user';
import { SessionIssuer, type SignedIn } from './session-issuer';

@Injectable()
export class RefreshService {
  constructor(
    private readonly users: UserStore,
    private readonly refresher: SessionRefresher,
    private readonly sessions: SessionIssuer,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Exchanges a refresh token for new tokens and prolongs its session. See SessionRefresher.refresh.
   * @param admit called for a genuine token before any write; if it throws, the token stays valid.
   * @throws RefreshTokenInvalidError, SessionExpiredError, SessionRevokedError, DependencyUnavailableError
   */
  async refresh(
    refreshToken: string,
    client: RequestOrigin,
    admit?: (token: GenuineToken) => Promise<void>,
  ): Promise<SignedIn> {
    return this.metrics.auth.refreshes.count(() => this.rotate(refreshToken, client, admit));
  }

  private async rotate(
    refreshToken: string,
    client: RequestOrigin,
    admit?: (token: GenuineToken) => Promise<void>,
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
