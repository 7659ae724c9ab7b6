import { SessionIndex, sessionName } from './session-index.js';
import type { AliveAnswer } from './session-signals.js';

/** Tokens that the issuer has confirmed, at most `maxSessions`: the least recently used leaves first. */
export class AliveSessions {
  private readonly answers = new SessionIndex<AliveAnswer>();

  constructor(private readonly maxSessions: number) {}

  get size(): number {
    return this.answers.size;
  }

  get(token: string): AliveAnswer | undefined {
    return this.answers.touch(token);
  }

  /** The answer for a session, by its id. */
  find(sid: string): AliveAnswer | undefined {
    const [token] = this.answers.tokensNamed(sessionName(sid));
    return token === undefined ? undefined : this.answers.get(token);
  }

  keep(token: string, answer: AliveAnswer): void {
    this.answers.set(token, answer.session.claims, answer);
    const oldest = this.answers.oldestToken();
    if (this.answers.size > this.maxSessions && oldest !== undefined) {
      this.answers.delete(oldest);
    }
  }

  forget(token: string): void {
    this.answers.delete(token);
  }

  /**
   * @param name of `sessionName` or `userName`
   * @returns how many were kept
   */
  forgetNamed(name: string): number {
    const tokens = this.answers.tokensNamed(name);
    tokens.forEach((token) => this.answers.delete(token));
    return tokens.length;
  }

  forgetAll(): void {
    this.answers.clear();
  }
}
