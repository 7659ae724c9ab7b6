import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { LRUCache } from 'lru-cache';
import { Clock } from '#libs/common';
import type { Session } from '#libs/session';
import { TokenExpiredError, TokenInvalidError } from './auth.errors';
import { AuthOptions } from './auth.options';
import { KeyRing } from './keys/key-ring';

/** RFC 9068 section 2.1: an access token has a type, so that no other JWT is accepted as one. */
const TOKEN_TYPE = 'at+jwt';
/** Our tokens have about 500 characters; far longer ones are not parsed. */
const MAX_TOKEN_LENGTH = 4096;

/** Maximum number of tokens in memory; one takes about 1 kB. */
const MAX_REMEMBERED = 10_000;

/** The claims of a valid access token. Instants in seconds since the Unix epoch. */
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
  /** When the user had last proved their identity (RFC 9068 section 2.2.1). Tokens of an older release have none. */
  auth_time?: number;
  /** How (RFC 8176). */
  amr?: readonly string[];
}

/** The session that a token names. */
export interface TokenSession {
  id: string;
  userId: string;
}

export interface AccessToken {
  token: string;
  expiresInSeconds: number;
}

/** The lasting result of a token's verification. */
interface VerifiedToken {
  claims: Readonly<AccessTokenClaims>;
  header: KeyHeader;
  /** The key that verified its signature. */
  key: KeyObject;
}

/** The members of a header that select a key. */
interface KeyHeader {
  alg: string;
  kid: string | undefined;
}

/** Signs and verifies access tokens (JWT, RFC 7519, profile of RFC 9068). Uses no store. */
@Injectable()
export class TokenService {
  /**
   * Tokens whose signature and claims this process has verified, so that repeated tokens are not verified from scratch.
   * Conditions that may change are checked each time.
   */
  private readonly verified = new LRUCache<string, VerifiedToken>({ max: MAX_REMEMBERED });

  constructor(
    private readonly jwt: JwtService,
    private readonly clock: Clock,
    private readonly options: AuthOptions,
    private readonly keys: KeyRing,
  ) {}

  /**
   * Signs a token for the session; it never outlives it.
   * @param jti id of the token; the same session, jti and time give the same claims.
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
      ...(session.authenticatedAtMs !== undefined && {
        auth_time: Math.floor(session.authenticatedAtMs / 1000),
      }),
      ...(session.amr && { amr: session.amr }),
    };
    const { algorithm } = this.keys;
    const { key, kid } = this.keys.signingKey();
    const token = this.jwt.sign(claims, {
      privateKey: key,
      algorithm,
      header: { alg: algorithm, typ: TOKEN_TYPE, ...(kid !== undefined && { kid }) },
    });
    return { token, expiresInSeconds: expiresAt - issuedAt };
  }

  /**
   * Verifies algorithm, type, signature and all claims (RFC 8725, RFC 9068 section 4); for a token that was verified
   * before, only its time and its key.
   * @throws TokenExpiredError for an expired token; TokenInvalidError for any other.
   */
  verify(token: string): Readonly<AccessTokenClaims> {
    const known = this.verified.get(token);
    if (!known) {
      return this.verifyFromScratch(token);
    }
    const { alg, kid } = known.header;
    if (!this.keys.verificationKeys(alg, kid).includes(known.key)) {
      this.verified.delete(token);
      return this.verifyFromScratch(token);
    }
    if (known.claims.exp <= this.nowSeconds()) {
      throw new TokenExpiredError(sessionOf(known.claims));
    }
    return known.claims;
  }

  /**
   * The session of a token, also of one that has expired: for its holder to end that session.
   * @throws TokenInvalidError
   */
  sessionOf(token: string): TokenSession {
    try {
      const { sid: id, sub: userId } = this.verify(token);
      return { id, userId };
    } catch (error) {
      if (error instanceof TokenExpiredError && error.session) {
        return error.session;
      }
      throw error instanceof TokenExpiredError ? new TokenInvalidError({ cause: error }) : error;
    }
  }

  /**
   * The session id that a token names, of which nothing is verified: for a comparison that can only refuse a request. So a
   * key that is no longer used refuses none.
   * @throws TokenInvalidError if it names none.
   */
  namedSessionId(token: string): string {
    const session = token.length > MAX_TOKEN_LENGTH ? undefined : sessionOf(this.unverified(token));
    if (!session) {
      throw new TokenInvalidError();
    }
    return session.id;
  }

  private unverified(token: string): unknown {
    try {
      return this.jwt.decode(token);
    } catch (cause) {
      throw new TokenInvalidError({ cause });
    }
  }

  private verifyFromScratch(token: string): Readonly<AccessTokenClaims> {
    if (token.length > MAX_TOKEN_LENGTH || !isSpelledOneWay(token)) {
      throw new TokenInvalidError();
    }
    const header = keyHeaderOf(token);
    const { payload, key } = this.verifyWithOneOf(token, header);
    if (!hasOurClaims(payload)) {
      throw new TokenInvalidError();
    }
    const claims = Object.freeze(payload);
    // Our tokens have no `nbf`: a clock that is set back would make them invalid.
    if (!('nbf' in claims)) {
      this.verified.set(token, { claims, header, key });
    }
    return claims;
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.nowMs() / 1000);
  }

  /**
   * Several keys fit one header only while a secret is changed.
   * @throws TokenExpiredError, TokenInvalidError
   */
  private verifyWithOneOf(token: string, header: KeyHeader): { payload: unknown; key: KeyObject } {
    let cause: unknown;
    for (const key of this.keys.verificationKeys(header.alg, header.kid)) {
      try {
        return { payload: this.verifyWith(token, key), key };
      } catch (error) {
        if (error instanceof Error && error.name === 'TokenExpiredError') {
          throw new TokenExpiredError(sessionOf(this.jwt.decode(token)));
        }
        cause ??= error;
      }
    }
    throw new TokenInvalidError({ cause });
  }

  private verifyWith(token: string, key: KeyObject): unknown {
    // The options of a call accept no KeyObject, those of a service do.
    return new JwtService({ secret: key }).verify(token, {
      // The kind of the key decides, never the header (RFC 8725 section 3.1).
      algorithms: [key.type === 'secret' ? 'HS256' : 'ES256'],
      issuer: [this.options.issuer, ...(this.options.olderIssuers ?? [])],
      audience: this.options.audience,
      clockTimestamp: this.nowSeconds(),
    });
  }
}

/**
 * The header only selects one of our keys; all its other members are fixed.
 * @throws TokenInvalidError
 */
function keyHeaderOf(token: string): KeyHeader {
  const { alg, typ, kid, crit } = readHeader(token);
  if (typ !== TOKEN_TYPE || crit !== undefined || typeof alg !== 'string' || !isKeyId(kid)) {
    throw new TokenInvalidError();
  }
  return { alg, kid };
}

/**
 * Parses a header (RFC 7515 section 4.1) of any content.
 * @throws TokenInvalidError
 */
function readHeader(token: string): Record<string, unknown> {
  try {
    const encoded = token.slice(0, token.indexOf('.'));
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    return { ...(header as object) };
  } catch (error) {
    throw new TokenInvalidError({ cause: error });
  }
}

/**
 * RFC 4648 section 3.5: the last character of a signature may have unused bits, which jsonwebtoken ignores for ES256.
 * Header and claims are signed as text.
 */
function isSpelledOneWay(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

function isKeyId(kid: unknown): kid is string | undefined {
  return kid === undefined || typeof kid === 'string';
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** jsonwebtoken checks the claims that are present; absence and type are checked here. */
function hasOurClaims(payload: unknown): payload is AccessTokenClaims {
  const claims = (payload ?? {}) as Record<keyof AccessTokenClaims, unknown>;
  return (
    isUuid(claims.sub) &&
    isUuid(claims.sid) &&
    typeof claims.jti === 'string' &&
    Number.isSafeInteger(claims.iat) &&
    Number.isSafeInteger(claims.exp) &&
    typeof claims.aud === 'string' &&
    (claims.auth_time === undefined || Number.isSafeInteger(claims.auth_time)) &&
    (claims.amr === undefined || isTextList(claims.amr))
  );
}

function sessionOf(claims: unknown): TokenSession | undefined {
  return hasOurClaims(claims) ? { id: claims.sid, userId: claims.sub } : undefined;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isUuid(value: unknown): boolean {
  return typeof value === 'string' && UUID.test(value);
}
