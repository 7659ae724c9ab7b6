/** What new passwords are held against, and how much is hashed at once. */
export interface PasswordOptions {
  /** How many attempts may wait for their turn to hash. 64 where absent. */
  maxWaiting?: number;
  /** Beside the issuer: names of the service and of whose it is, which nobody may take as a password. */
  contextWords?: readonly string[];
  /** Address of "Have I Been Pwned" or a mirror: `https://api.pwnedpasswords.com`. Absent: nothing is asked. */
  breachServiceUrl?: string | undefined;
}
