import { Injectable } from '@nestjs/common';
import type { RequestOrigin } from '#libs/common';
import { SyncLeases, type HeldLease } from '#libs/sync';
import { SessionActivation } from '../open/session-activation';
import { SessionRevoker } from '../revoke/session-revoker';
import type { Session } from '../session';
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

/** Prolongs sessions by their refresh tokens. Throws DependencyUnavailableError while Postgres is unavailable. */
@Injectable()
export class SessionRefresher {
  constructor(
    private readonly refreshTokens: RefreshTokenRepository,
    private readonly activation: SessionActivation,
    private readonly revoker: SessionRevoker,
    private readonly leases: SyncLeases,
    private readonly lifetimes: SessionLifetimes,
  ) {}

  /**
   * Uses a refresh token: creates its successor and prolongs the session, which keeps its id. A repetition by the same
   * client within 10 s gets the same pair. Any other use of a used token ends the session (RFC 9700 section 4.14.2).
   * One transaction, one Redis round trip.
   * @param hooks `admit` is called for a genuine token before any write; `beforeRotation` runs in the same transaction.
   * If one throws, the token stays valid.
   * @throws RefreshTokenInvalidError, SessionExpiredError, SessionRevokedError
   */
  async refresh(text: string, client: RequestOrigin, hooks: RotateOptions = {}): Promise<Rotation> {
    const presented = parseRefreshToken(text);
    if (!presented) {
      throw new RefreshTokenInvalidError();
    }
    let lease: HeldLease | null = null;
    const nowMs = this.lifetimes.nowMs();
    const rotated = await this.refreshTokens.rotate(presented, client, nowMs, {
      ...hooks,
      admit: async (token) => {
        await hooks.admit?.(token);
        // Before the session is read.
        lease = this.leases.of(token.userId).current();
      },
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

  /**
   * The session of a genuine refresh token, used or not, alive or not. A share of a query.
   * @throws RefreshTokenInvalidError, OverloadedError
   */
  async sessionOf(text: string): Promise<Pick<Session, 'id' | 'userId'>> {
    const presented = parseRefreshToken(text);
    const session = presented && (await this.refreshTokens.sessionOf(presented));
    if (!session) {
      throw new RefreshTokenInvalidError();
    }
    return session;
  }
}
