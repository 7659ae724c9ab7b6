import { DomainError } from '#libs/common';

/** Another account has this e-mail address, in any case. */
export class EmailTakenError extends DomainError {
  readonly code = 'email_taken';

  constructor(options?: ErrorOptions) {
    super('An account with this e-mail address exists.', options);
  }
}
