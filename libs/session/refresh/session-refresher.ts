import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '#libs/common';
import { SyncLease } from '#libs/sync';
import { SessionActivation } from '../open/session-activation';
import { SessionRevoker } from '../revoke/session-revoker';
import { SessionLifetimes } from '../session-lifetimes';
import {
  RefreshTokenInvalidError,
  SessionExpiredError,
  SessionRevokedError,
} from '../session.errors';
import {
  RefreshTokenRepository,
  type RotateOptions,
  type Rotation,
} from '../store/refresh-token.repository';
import { parseRefreshToken } from './refresh-token';

/** Prolongs sessions by their refresh tokens. Throws DependencyUnavailableError while Postgres is away. */
@Injectable()
export class SessionRefresher {
  constructor(
    private readonly refreshTokens: RefreshTokenRepository,
    private readonly activation: SessionActivation,
    private readonly revoker: SessionRevoker,
    private readonly lease: SyncLease,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /**
   * Uses a refresh token up: a new one, and more life for the session, which keeps its id. The same
   * client asking again within ten seconds gets the same pair. A used token in any other hand ends
   * the session (RFC 9700 section 4.14.2). One transaction, one Redis round trip.
   * @param hooks `admit` is called for a genuine token before anything is written, `beforeRotation` must succeed in
   * the same transaction; what they throw leaves the token as it is.
   * @throws RefreshTokenInvalidError, SessionExpiredError, SessionRevokedError
   */
  async refresh(
    text: string,
    client: RequestOrigin,
    hooks: Pick<RotateOptions, 'admit' | 'beforeRotation'> = {},
  ): Promise<Rotation> {
    const presented = parseRefreshToken(text);
    if (!presented) {
      throw new RefreshTokenInvalidError();
    }
    const lease = this.lease.current();
    const nowMs = this.lifetimes.nowMs();
    const rotated = await this.refreshTokens.rotate(presented, client, nowMs, {
      expiresAtMs: (createdAtMs) => this.lifetimes.sessionExpiryMs(nowMs, createdAtMs),
      tokensExpireAtMs: (issuedAtMs, endsAtMs) =>
        this.lifetimes.tokenExpiryMs(issuedAtMs, endsAtMs),
      ...hooks,
    });
    switch (rotated.outcome) {
      case 'rotated':
        if (!(await this.activation.activate(rotated.session, lease))) {
          throw new SessionRevokedError();
        }
        return rotated;
      case 'reused':
        await this.revoker.complete(rotated.session, rotated.revoked, {
          reason: 'refresh_token_reused',
          origin: client,
        });
        throw new SessionRevokedError();
      case 'expired':
        throw new SessionExpiredError();
      case 'revoked':
        throw new SessionRevokedError();
      case 'unknown':
        throw new RefreshTokenInvalidError();
    }
  }
}
