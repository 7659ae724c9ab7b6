export type VerifierErrorCode =
  'token_missing' | 'token_invalid' | 'token_expired' | 'token_revoked' | 'dependency_unavailable';

/** A request that must be refused. `message` may be shown to the client. */
export abstract class VerifierError extends Error {
  abstract readonly code: VerifierErrorCode;
  abstract readonly title: string;
  /** Status of the HTTP response. */
  abstract readonly status: 401 | 503;
  /** Header fields of the response: `WWW-Authenticate` (RFC 6750 section 3) or `Retry-After`. */
  abstract readonly headers: Readonly<Record<string, string>>;

  override get name(): string {
    return this.constructor.name;
  }
}

abstract class TokenError extends VerifierError {
  readonly status = 401;

  get headers(): Record<string, string> {
    const description = `error="invalid_token", error_description="${this.message}"`;
    return { 'WWW-Authenticate': `Bearer realm="latchkey", ${description}` };
  }
}

/** The request has no bearer token. */
export class TokenMissingError extends TokenError {
  readonly code = 'token_missing';
  readonly title = 'Access token missing';

  constructor() {
    super('Send an access token: Authorization: Bearer.');
  }

  override get headers(): Record<string, string> {
    return { 'WWW-Authenticate': 'Bearer realm="latchkey"' };
  }
}

/** The token is no access token of this issuer for this audience. */
export class TokenInvalidError extends TokenError {
  readonly code = 'token_invalid';
  readonly title = 'Token invalid';

  constructor(options?: ErrorOptions) {
    super('The access token is not valid.', options);
  }
}

export class TokenExpiredError extends TokenError {
  readonly code = 'token_expired';
  readonly title = 'Token expired';

  constructor() {
    super('The access token has expired.');
  }
}

/** The issuer says that the token is not active. Under HS256 this includes a wrong signature, which only the issuer can check. */
export class TokenRevokedError extends TokenError {
  readonly code = 'token_revoked';
  readonly title = 'Session revoked';

  constructor() {
    super('The session has been revoked. Sign in again.');
  }
}

/** The verifier cannot tell whether the session is alive: the issuer did not answer, or not in time. */
export class VerifierUnavailableError extends VerifierError {
  readonly code = 'dependency_unavailable';
  readonly title = 'Dependency unavailable';
  readonly status = 503;

  /** @param reason for a log; the message that the client sees is always the same */
  constructor(
    readonly reason: string,
    readonly retryAfterSeconds = 1,
    options?: ErrorOptions,
  ) {
    super('The session cannot be verified now. Try again shortly.', options);
  }

  get headers(): Record<string, string> {
    return { 'Retry-After': String(this.retryAfterSeconds) };
  }
}
