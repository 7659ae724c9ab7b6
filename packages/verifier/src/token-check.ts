import {
  compactVerify,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  errors,
} from 'jose';
import { TokenExpiredError, TokenInvalidError, VerifierUnavailableError } from './errors.js';
import type { Settings } from './options.js';
import { isExpired, type TokenClaims } from './session.js';

const MAX_TOKEN_LENGTH = 8_192;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** After a fetch of the keys, an unknown `kid` causes the next one no sooner than this. */
const KEYS_COOLDOWN_MS = 5_000;
const KEYS_MAX_AGE_MS = 10 * 60_000;

/** Failures of the token; every other failure is one of fetching the keys. */
const TOKEN_FAILURES: readonly string[] = [
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWTInvalid.code,
];

/**
 * What can be said about a token without knowing whether its session is alive: type, algorithm, signature, claims
 * (RFC 9068 section 4). An issuer that publishes keys signs with ES256. One that publishes none, or names HS256 beside its
 * keys because it changes from one to the other, has tokens of HS256: their signature is unknown here, and
 * introspection, which always follows, checks it.
 */
export class TokenCheck {
  private readonly keys;

  constructor(private readonly settings: Settings) {
    this.keys = createRemoteJWKSet(new URL('.well-known/jwks.json', settings.url), {
      timeoutDuration: settings.deadlineMs,
      cooldownDuration: KEYS_COOLDOWN_MS,
      cacheMaxAge: KEYS_MAX_AGE_MS,
      [customFetch]: (url, options) => settings.fetch(url, options),
    });
  }

  /** @throws TokenInvalidError, TokenExpiredError, VerifierUnavailableError when the keys cannot be fetched */
  async claimsOf(token: string): Promise<TokenClaims> {
    if (token.length > MAX_TOKEN_LENGTH || !JWT.test(token)) {
      throw new TokenInvalidError();
    }
    try {
      return this.checked(await this.payloadOf(token));
    } catch (error) {
      throw classified(error);
    }
  }

  private async payloadOf(token: string): Promise<Record<string, unknown>> {
    const { alg, typ } = headerOf(token);
    if (!/^(application\/)?at\+jwt$/i.test(String(typ))) {
      throw new TokenInvalidError();
    }
    if (alg === 'ES256') {
      await compactVerify(token, this.keys, { algorithms: ['ES256'] });
      return decodeJwt(token);
    }
    if (alg === 'HS256' && (await this.issuerAcceptsHs256())) {
      return decodeJwt(token);
    }
    throw new TokenInvalidError();
  }

  private async issuerAcceptsHs256(): Promise<boolean> {
    const accepts = () => acceptsHs256(this.keys.jwks());
    const mayHaveChanged = !accepts() && !this.keys.coolingDown;
    if (!this.keys.fresh || mayHaveChanged) {
      await this.keys.reload();
    }
    return accepts();
  }

  private checked(payload: Record<string, unknown>): TokenClaims {
    const { sub, sid, exp, nbf, iss, aud } = payload;
    const { issuer, audience, clockToleranceSeconds } = this.settings;
    const toleranceMs = clockToleranceSeconds * 1_000;
    const isOurs = issuer.includes(String(iss)) && (aud === audience || isListWith(aud, audience));
    const hasBegun = nbf === undefined || Number(nbf) * 1_000 <= Date.now() + toleranceMs;
    if (!isOurs || !hasBegun || !isId(sub) || !isId(sid) || !Number.isFinite(exp)) {
      throw new TokenInvalidError();
    }
    const claims: TokenClaims = Object.freeze({ ...payload, sub, sid, exp: Number(exp) });
    if (isExpired(claims, Date.now(), toleranceMs)) {
      throw new TokenExpiredError();
    }
    return claims;
  }
}

function acceptsHs256(jwks: { keys: unknown[]; other_algorithms?: unknown } | undefined): boolean {
  return jwks?.keys.length === 0 || isListWith(jwks?.other_algorithms, 'HS256');
}

function headerOf(token: string): { alg?: unknown; typ?: unknown } {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new TokenInvalidError({ cause });
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isListWith(list: unknown, value: string): boolean {
  return Array.isArray(list) && list.includes(value);
}

function classified(error: unknown): unknown {
  if (error instanceof TokenInvalidError || error instanceof TokenExpiredError) {
    return error;
  }
  if (error instanceof errors.JOSEError && TOKEN_FAILURES.includes(error.code)) {
    return new TokenInvalidError({ cause: error });
  }
  return new VerifierUnavailableError('the keys of the issuer cannot be fetched', 1, {
    cause: error,
  });
}
