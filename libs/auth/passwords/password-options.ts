/** Rules for new passwords, and the concurrency of hashing. */
export interface PasswordOptions {
  /** Maximum number of attempts that wait to hash. Absent: 64. */
  maxWaiting?: number;
  /** Names of the service and its owner that are refused as passwords, in addition to the issuer. */
  contextWords?: readonly string[];
  /** URL of "Have I Been Pwned" or a mirror: `https://api.pwnedpasswords.com`. Absent: no service is used. */
  breachServiceUrl?: string | undefined;
}
