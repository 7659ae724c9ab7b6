import { DomainError } from '#libs/common';

/** The session was ended, or its user's sessions all were. */
export class SessionRevokedError extends DomainError {
  readonly code = 'token_revoked';

  constructor() {
    super('The session has been revoked. Sign in again.');
  }
}

/** The session reached the end of its life. */
export class SessionExpiredError extends DomainError {
  readonly code = 'token_expired';

  constructor() {
    super('The session of this token has expired. Sign in again.');
  }
}

/** The refresh token was not issued here. Says nothing of any session. */
export class RefreshTokenInvalidError extends DomainError {
  readonly code = 'token_invalid';

  constructor() {
    super('The refresh token is not valid.');
  }
}

/** The user has no live session of this id; it may be another user's, which is not told. */
export class SessionNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('There is no such session.');
  }
}

/**
 * All sessions of the user were revoked while this one was being opened, so it must not come to
 * life: what proved the user's identity may no longer count. Check it again, then open again.
 */
export class SessionsRevokedError extends DomainError {
  readonly code = 'token_revoked';

  constructor() {
    super('All sessions of this account were revoked meanwhile. Sign in again.');
  }
}
