import { DomainError } from '#libs/common';

/** A request with cookies does not come from a page that may send it (OWASP ASVS 3.5.1). */
export class CrossSiteRequestError extends DomainError {
  readonly code = 'cross_site_request';

  constructor() {
    super(
      'A cross-site request may not use the cookies of a session: only pages of this server, and of the origins in its setting CORS_ORIGINS, may.',
    );
  }
}

/** Two cookies have the name of ours: at most one of them is ours. */
export class AmbiguousCookieError extends DomainError {
  readonly code = 'token_invalid';

  constructor() {
    super('The token is not valid: two cookies have its name.');
  }
}

/** A refresh without a token in its body, and without both cookies of a session. */
export class SessionCookiesMissingError extends DomainError {
  readonly code = 'token_missing';

  constructor() {
    super('Send the cookies of a session: the access token and the one that renews it.');
  }
}
