import { DomainError } from '#libs/common';

/** The change would leave no administrator who can sign in. */
export class LastAdministratorError extends DomainError {
  readonly code = 'last_administrator';

  constructor() {
    super(
      'The last administrator keeps role and access. Make another user an administrator first.',
    );
  }
}

/** Another account has this e-mail address, in any case. */
export class EmailTakenError extends DomainError {
  readonly code = 'email_taken';

  constructor(options?: ErrorOptions) {
    super('An account with this e-mail address exists.', options);
  }
}
