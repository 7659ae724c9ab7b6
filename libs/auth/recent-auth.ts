import { Injectable } from '@nestjs/common';
import { Clock } from '#libs/common';
import { SessionVerifier } from '#libs/session';
import { ReauthenticationRequiredError } from './auth.errors';
import { AuthOptions } from './auth.options';
import type { Authenticated } from './authenticator';

const DEFAULT_TTL_SECONDS = 600;

/** The user's latest proof of identity in a session. */
export interface LatestProof {
  /** Unix time in seconds. Null for a token of an older release, until the user proves their identity again. */
  authTime: number | null;
  /** The methods of all proofs (RFC 8176). */
  amr: readonly string[];
}

/** A proof after the issue of the token is known to the session alone. */
export function latestProof({
  claims,
  session,
}: Omit<Authenticated, 'cachedProfile'>): LatestProof {
  const { auth_time: ofToken = null, amr = [] } = claims;
  const { authenticatedAtMs } = session;
  const ofSession = authenticatedAtMs === undefined ? null : Math.floor(authenticatedAtMs / 1000);
  return ofSession !== null && ofSession >= (ofToken ?? 0)
    ? { authTime: ofSession, amr: session.amr ?? amr }
    : { authTime: ofToken, amr };
}

/** Asks for a recent proof of identity (RFC 9470, ASVS 7.5.2). */
@Injectable()
export class RecentAuth {
  constructor(
    private readonly sessions: SessionVerifier,
    private readonly clock: Clock,
    private readonly options: AuthOptions,
  ) {}

  /**
   * No round trip after a recent proof; otherwise a share of a query: another instance may have taken the proof, of which
   * the near cache of this one does not know.
   * @param maxAgeSeconds absent: the option `recentAuthTtlSeconds`.
   * @throws ReauthenticationRequiredError; DependencyUnavailableError while Postgres is unavailable and no recent proof is
   * known.
   */
  async require(
    authenticated: Authenticated,
    maxAgeSeconds = this.options.recentAuthTtlSeconds ?? DEFAULT_TTL_SECONDS,
  ): Promise<void> {
    const { claims } = authenticated;
    if (this.isRecent(latestProof(authenticated), maxAgeSeconds)) {
      return;
    }
    const { session } = await this.sessions.verifyRecorded(claims.sub, claims.sid);
    if (!this.isRecent(latestProof({ claims, session }), maxAgeSeconds)) {
      throw new ReauthenticationRequiredError(maxAgeSeconds);
    }
  }

  private isRecent({ authTime }: LatestProof, maxAgeSeconds: number): boolean {
    return authTime !== null && this.clock.nowMs() < (authTime + maxAgeSeconds) * 1000;
  }
}
