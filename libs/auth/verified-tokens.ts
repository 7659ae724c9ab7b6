import type { KeyObject } from 'node:crypto';
import type { AccessTokenClaims } from './token.service';

/** What was once found out about a token, and holds as long as its key does. */
export interface VerifiedToken {
  claims: Readonly<AccessTokenClaims>;
  kid: string | undefined;
  /** The key that its signature was checked with. */
  key: KeyObject;
}

/** Half of the tokens that are remembered at most; one takes about 1 kB. */
const GENERATION = 5_000;

/**
 * Remembers, in this process alone, tokens whose signature and claims were right, so that those who come
 * again and again are not checked from scratch. What may change is for whoever asks to check each time:
 * the time, whether the key is still good, and whether the session is alive.
 */
export class VerifiedTokens {
  private current = new Map<string, VerifiedToken>();
  /** Those who were not seen since `current` was begun: the next ones to be forgotten. */
  private previous = new Map<string, VerifiedToken>();

  get(token: string): VerifiedToken | undefined {
    const known = this.current.get(token);
    if (known) {
      return known;
    }
    const older = this.previous.get(token);
    if (older) {
      this.remember(token, older);
    }
    return older;
  }

  remember(token: string, verified: VerifiedToken): void {
    if (this.current.size >= GENERATION) {
      this.previous = this.current;
      this.current = new Map();
    }
    this.current.set(token, verified);
  }

  forget(token: string): void {
    this.current.delete(token);
    this.previous.delete(token);
  }
}
