import { DomainError } from '#libs/common';

/** E-mail and password do not belong together. Never says which of the two is wrong. */
export class InvalidCredentialsError extends DomainError {
  readonly code = 'invalid_credentials';

  constructor() {
    super('The e-mail address or the password is wrong.');
  }
}

/** The password was right, but an administrator has disabled the account. */
export class AccountDisabledError extends DomainError {
  readonly code = 'forbidden';

  constructor() {
    super('This account is disabled.');
  }
}

/** The session's role does not allow this. */
export class RoleRequiredError extends DomainError {
  readonly code = 'forbidden';

  constructor() {
    super('Insufficient role.');
  }
}

/** There is no such account. Only administrators are told. */
export class AccountNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('There is no such account.');
  }
}

/** The profile is not at any version that the change was meant for. */
export class ProfileChangedError extends DomainError {
  readonly code = 'precondition_failed';

  constructor() {
    super('The profile has changed meanwhile. Read it again, then decide.');
  }
}

/** No bearer token came with a request that needs one (RFC 6750 section 3.1: say no more). */
export class TokenMissingError extends DomainError {
  readonly code = 'token_missing';

  constructor() {
    super('Send an access token in the header "Authorization: Bearer".');
  }
}

/** The token was not issued here, or not for here, or was changed. One text for every cause. */
export class TokenInvalidError extends DomainError {
  readonly code = 'token_invalid';

  constructor(options?: ErrorOptions) {
    super('The access token is not valid.', options);
  }
}

/** The token was good and its time is over. */
export class TokenExpiredError extends DomainError {
  readonly code = 'token_expired';

  /** @param session of the token; absent where its claims are not those of an access token. */
  constructor(readonly session?: { id: string; userId: string }) {
    super('The access token has expired. Sign in again.');
  }
}
