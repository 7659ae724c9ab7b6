/** Attempts per minute. */
export class RateLimitOptions {
  /** Without limits nothing is counted. */
  enabled!: boolean;
  /** Sign-ins, and other proofs of a password, for one account from one address. */
  loginsPerAccount!: number;
  /** Sign-ins from one address, for any account. */
  loginsPerAddress!: number;
  /** New accounts from one address. */
  registrationsPerAddress!: number;
  /** Failed refreshes from one address. */
  failedRefreshesPerAddress!: number;
}
