import { Injectable } from '@nestjs/common';
import { identifyRequest, type RequestOrigin } from '#libs/common';
import {
  formatRefreshToken,
  SessionOpener,
  type DatedSession,
  type OpenedSession,
  type OpenSession,
} from '#libs/session';
import type { Profile } from '#libs/user';
import { TokenService, type AccessToken } from '../token.service';

/** The result of a sign-in or refresh: the session, its tokens, and its user. */
export interface SignedIn {
  session: DatedSession;
  accessToken: AccessToken;
  refreshToken: string;
  /** Seconds from issue until the refresh token, and the session, expire. */
  refreshExpiresInSeconds: number;
  profile: Profile;
}

/** What a client or an application may choose for a new session; see SessionOpener.open. */
export interface SessionChoices extends Pick<OpenSession, 'remember' | 'attributes'> {
  /**
   * Ends the session that the new one replaces, once the user has proved their identity, and before it counts towards
   * the sessions that a user may have. Called again when the sign-in has to start over.
   */
  endReplaced?: () => Promise<void>;
}

/** Opens sessions for users who have proved their identity, and issues their tokens. */
@Injectable()
export class SessionIssuer {
  constructor(
    private readonly sessions: SessionOpener,
    private readonly tokens: TokenService,
  ) {}

  /** See SessionOpener.generationOf. */
  async generationOf(userId: string): Promise<number> {
    return this.sessions.generationOf(userId);
  }

  /** @throws SessionsRevokedError, as SessionOpener.open. */
  async open(
    profile: Profile,
    generation: number,
    client: RequestOrigin,
    { endReplaced, ...choices }: SessionChoices,
  ): Promise<SignedIn> {
    const { id: userId, role } = profile;
    await endReplaced?.();
    const opened = await this.sessions.open({ userId, role, generation, client, ...choices });
    return this.issue(opened, profile, opened.session.createdAtMs);
  }

  /** Uses the refresh token's id as `jti`, so that a repeated refresh gets the same pair. */
  issue({ session, refreshToken }: OpenedSession, profile: Profile, issuedAtMs: number): SignedIn {
    identifyRequest(session);
    return {
      session,
      accessToken: this.tokens.issue(session, refreshToken.id, issuedAtMs),
      refreshToken: formatRefreshToken(refreshToken),
      refreshExpiresInSeconds: Math.floor((session.expiresAtMs - issuedAtMs) / 1000),
      profile,
    };
  }
}
