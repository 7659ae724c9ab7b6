/** Every code a client can meet in `code` of a problem+json answer. Stable: clients switch on them. */
export type ErrorCode =
  | 'validation_failed'
  | 'malformed_json'
  | 'malformed_request'
  | 'invalid_credentials'
  | 'token_missing'
  | 'token_invalid'
  | 'token_expired'
  | 'token_revoked'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'email_taken'
  | 'precondition_failed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'overloaded'
  | 'dependency_unavailable'
  | 'internal_error';

/** What is wrong with one field of a request. */
export interface FieldError {
  field: string;
  messages: string[];
}

/**
 * Base of every error the product raises on purpose. It knows nothing of HTTP: the edge maps `code`
 * to a status. `message` may be shown to a client, so it never holds a secret, SQL or a key name;
 * what only the log may know travels in `cause`.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  /** Seconds after which a client may try again, where waiting helps. */
  readonly retryAfterSeconds?: number;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A store or service, by the name that a person on call would say. */
export type Dependency = 'redis' | 'postgres' | 'avatar storage' | 'breach service';

/** A store that is needed for this answer cannot be reached: deny, but never as "your token is bad". */
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

/** There is more of this to do at once than there is room for. */
export class OverloadedError extends DomainError {
  readonly code = 'overloaded';
  override readonly retryAfterSeconds = 1;

  constructor() {
    super('The server is busy. Retry after the time in `Retry-After`.');
  }
}

/** The input breaks a rule; says which field and how. */
export class ValidationFailedError extends DomainError {
  readonly code = 'validation_failed';

  constructor(readonly errors: FieldError[]) {
    super('The request has invalid fields.');
  }
}
