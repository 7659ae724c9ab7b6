import { DomainError } from '#libs/common';

/** E-mail address and password do not match. Never says which of the two is wrong. */
export class InvalidCredentialsError extends DomainError {
  readonly code = 'invalid_credentials';

  constructor() {
    super('The e-mail address or the password is wrong.');
  }
}

/** The password is right, but an administrator has disabled the account. */
export class AccountDisabledError extends DomainError {
  readonly code = 'forbidden';

  constructor() {
    super('This account is disabled.');
  }
}

/** The session's role is not the required one. */
export class RoleRequiredError extends DomainError {
  readonly code = 'forbidden';

  constructor() {
    super('Insufficient role.');
  }
}

/** No account has the id. Only administrators receive this. */
export class AccountNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('No such account.');
  }
}

/** `register` creates no account here. */
export class RegistrationClosedError extends DomainError {
  readonly code = 'registration_closed';

  constructor() {
    super('Registration is closed. An administrator creates accounts.');
  }
}

/** The client sent no invitation, or none that it may use. Never says which: a code cannot be tried out. */
export class InvitationRequiredError extends DomainError {
  readonly code = 'invitation_required';

  constructor() {
    super('Registration needs a valid invitation for this e-mail address.');
  }
}

/** No invitation that can be used has the id. Only administrators receive this. */
export class InvitationNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('No such invitation.');
  }
}

/** The profile is at no version that the change was meant for. */
export class ProfileChangedError extends DomainError {
  readonly code = 'precondition_failed';

  constructor() {
    super('The profile has changed. Read it again before you change it.');
  }
}

/** The call needs a recent proof of identity (RFC 9470). */
export class ReauthenticationRequiredError extends DomainError {
  readonly code = 'reauthentication_required';
  readonly challenge: string;

  /** @param maxAgeSeconds how old the proof may be. */
  constructor(maxAgeSeconds: number) {
    super('Prove your identity again, then repeat the request.');
    this.challenge =
      'Bearer realm="latchkey", error="insufficient_user_authentication", ' +
      `error_description="${this.message}", max_age="${maxAgeSeconds}"`;
  }
}

/** A request that needs a bearer token has none (RFC 6750 section 3.1: reveal no more). */
export class TokenMissingError extends DomainError {
  readonly code = 'token_missing';

  constructor() {
    super('Send an access token in the header "Authorization: Bearer".');
  }
}

/** The token was not issued by this authority or for this API, or was altered. One text for every cause. */
export class TokenInvalidError extends DomainError {
  readonly code = 'token_invalid';

  constructor(options?: ErrorOptions) {
    super('The access token is not valid.', options);
  }
}

/** The token was valid and has expired. */
export class TokenExpiredError extends DomainError {
  readonly code = 'token_expired';

  /** @param session of the token; absent if its claims are not those of an access token. */
  constructor(readonly session?: { id: string; userId: string }) {
    super('The access token has expired. Sign in again.');
  }
}
