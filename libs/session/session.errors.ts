import { DomainError } from '#libs/common';

/** The session, or all sessions of its user, were revoked. */
export class SessionRevokedError extends DomainError {
  readonly code = 'token_revoked';

  constructor() {
    super('The session has been revoked. Sign in again.');
  }
}

/** The session has expired. */
export class SessionExpiredError extends DomainError {
  readonly code = 'token_expired';

  constructor() {
    super('The session of this token has expired. Sign in again.');
  }
}

/** This authority did not issue the refresh token. Reveals nothing about any session. */
export class RefreshTokenInvalidError extends DomainError {
  readonly code = 'token_invalid';

  constructor() {
    super('The refresh token is not valid.');
  }
}

/** The user has no live session with this id. It may be another user's; the answer does not reveal that. */
export class SessionNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('No such session.');
  }
}

/**
 * All sessions of the user were revoked while this one was being opened, so it is not opened: the proof of the user's
 * identity may be outdated. Check it again, then open again.
 */
export class SessionsRevokedError extends DomainError {
  readonly code = 'token_revoked';

  constructor() {
    super('All sessions of this account have been revoked. Sign in again.');
  }
}
