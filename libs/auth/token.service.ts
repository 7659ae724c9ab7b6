import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '#libs/common';
import type { Session } from '#libs/session';
import { TokenExpiredError, TokenInvalidError } from './auth.errors';
import { AuthOptions } from './auth.options';

const ALGORITHM = 'HS256';
/** RFC 9068 section 2.1: an access token names its type, so that no other JWT passes for one. */
const TOKEN_TYPE = 'at+jwt';
/** A token of ours has some 420 characters; anything far longer is not worth parsing. */
const MAX_TOKEN_LENGTH = 4096;

/** What a valid access token says. Instants in seconds since the Unix epoch. */
export interface AccessTokenClaims {
  /** User id. */
  sub: string;
  /** Session id. */
  sid: string;
  jti: string;
  iat: number;
  exp: number;
  iss: string;
  aud: string;
}

export interface AccessToken {
  token: string;
  expiresInSeconds: number;
}

/** Signs and checks access tokens (JWT, RFC 7519, profile of RFC 9068). Touches no store. */
@Injectable()
export class TokenService {
  constructor(
    private readonly jwt: JwtService,
    private readonly clock: Clock,
    private readonly options: AuthOptions,
  ) {}

  /**
   * A token for the session; it never outlives it.
   * @param jti id of the token; the same session, jti and time give the same token.
   */
  issue(session: Session, jti: string, issuedAtMs: number): AccessToken {
    const issuedAt = Math.floor(issuedAtMs / 1000);
    const expiresAt = Math.min(
      issuedAt + this.options.accessTokenTtlSeconds,
      Math.floor(session.expiresAtMs / 1000),
    );
    const claims: AccessTokenClaims = {
      sub: session.userId,
      sid: session.id,
      jti,
      iat: issuedAt,
      exp: expiresAt,
      iss: this.options.issuer,
      aud: this.options.audience,
    };
    const token = this.jwt.sign(claims, {
      privateKey: this.options.signingKey,
      algorithm: ALGORITHM,
      header: { alg: ALGORITHM, typ: TOKEN_TYPE },
    });
    return { token, expiresInSeconds: expiresAt - issuedAt };
  }

  /**
   * Checks signature, algorithm, type and every claim.
   * @throws TokenExpiredError for a token that was good; TokenInvalidError for anything else.
   */
  verify(token: string): AccessTokenClaims {
    if (token.length > MAX_TOKEN_LENGTH) {
      throw new TokenInvalidError();
    }
    let decoded: { header: unknown; payload: unknown };
    try {
      decoded = this.jwt.verify(token, {
        secret: this.options.signingKey as unknown as Buffer,
        algorithms: [ALGORITHM],
        issuer: this.options.issuer,
        audience: this.options.audience,
        clockTimestamp: Math.floor(this.clock.nowMs() / 1000),
        complete: true,
      });
    } catch (error) {
      throw error instanceof Error && error.name === 'TokenExpiredError'
        ? new TokenExpiredError()
        : new TokenInvalidError({ cause: error });
    }
    if (!hasOurType(decoded.header) || !hasOurClaims(decoded.payload)) {
      throw new TokenInvalidError();
    }
    return decoded.payload;
  }
}

function hasOurType(header: unknown): boolean {
  const { typ, crit } = header as { typ?: unknown; crit?: unknown };
  return typ === TOKEN_TYPE && crit === undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** jsonwebtoken checks the claims it finds; absence and type are checked here. */
function hasOurClaims(payload: unknown): payload is AccessTokenClaims {
  const claims = payload as Record<keyof AccessTokenClaims, unknown>;
  return (
    isUuid(claims.sub) &&
    isUuid(claims.sid) &&
    typeof claims.jti === 'string' &&
    Number.isInteger(claims.iat) &&
    Number.isInteger(claims.exp) &&
    typeof claims.aud === 'string'
  );
}

function isUuid(value: unknown): boolean {
  return typeof value === 'string' && UUID.test(value);
}
