/** All codes of a problem+json answer. Stable: clients switch on them. */
export type ErrorCode =
  | 'validation_failed'
  | 'malformed_json'
  | 'malformed_request'
  | 'invalid_credentials'
  | 'token_missing'
  | 'token_invalid'
  | 'token_expired'
  | 'token_revoked'
  | 'reauthentication_required'
  | 'forbidden'
  | 'cross_site_request'
  | 'not_found'
  | 'method_not_allowed'
  | 'email_taken'
  | 'last_administrator'
  | 'registration_closed'
  | 'invitation_required'
  | 'precondition_failed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'overloaded'
  | 'dependency_unavailable'
  | 'internal_error';

/** Errors of one field of a request. */
export interface FieldError {
  field: string;
  messages: string[];
}

/**
 * Base of every error that the product raises on purpose. It is independent of HTTP: the API maps `code` to a status.
 * `message` may be shown to a client, so it never holds a secret, SQL or a key name; details for the log belong into
 * `cause`.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  /** Seconds after which a client may try again, if waiting helps. */
  readonly retryAfterSeconds?: number;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A store or service, by its name in messages. */
export type Dependency = 'redis' | 'postgres' | 'avatar storage' | 'breach service';

/** A store that this answer needs is unavailable. The request is denied, but never with "your token is invalid". */
export class DependencyUnavailableError extends DomainError {
  readonly code = 'dependency_unavailable';
  override readonly retryAfterSeconds = 1;

  constructor(
    readonly dependency: Dependency,
    options?: ErrorOptions,
  ) {
    super('A store that is needed to answer is unavailable. Try again shortly.', options);
  }
}

/** The limit of concurrent work is reached. */
export class OverloadedError extends DomainError {
  readonly code = 'overloaded';
  override readonly retryAfterSeconds = 1;

  constructor() {
    super('The server is busy. Retry after the time in `Retry-After`.');
  }
}

/** The input breaks a rule; `errors` names the fields and the rules. */
export class ValidationFailedError extends DomainError {
  readonly code = 'validation_failed';

  constructor(readonly errors: FieldError[]) {
    super('The request has invalid fields.');
  }
}
