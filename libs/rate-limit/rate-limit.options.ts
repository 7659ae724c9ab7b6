/** How many attempts are let through in a minute. */
export class RateLimitOptions {
  /** Without limits nothing is counted. */
  enabled!: boolean;
  /** Sign-ins, and other proofs of a password, for one account from one address. */
  loginsPerAccount!: number;
  /** Sign-ins from one address, whichever the account. */
  loginsPerAddress!: number;
  /** New accounts from one address. */
  registrationsPerAddress!: number;
  /** Refreshes from one address that fail. */
  failedRefreshesPerAddress!: number;
}
