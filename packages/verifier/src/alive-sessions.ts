import { SessionIndex, sessionName } from './session-index.js';
import type { VerifiedSession } from './session.js';

/** Tokens that the issuer has confirmed, at most `maxSessions`: the least recently used leaves first. */
export class AliveSessions {
  private readonly sessions = new SessionIndex<VerifiedSession>();

  constructor(private readonly maxSessions: number) {}

  get size(): number {
    return this.sessions.size;
  }

  get(token: string): VerifiedSession | undefined {
    const session = this.sessions.get(token);
    if (session !== undefined) {
      this.sessions.set(token, session.claims, session);
    }
    return session;
  }

  /** A session by its id. */
  find(sid: string): VerifiedSession | undefined {
    const [token] = this.sessions.tokensNamed(sessionName(sid));
    return token === undefined ? undefined : this.sessions.get(token);
  }

  keep(token: string, session: VerifiedSession): void {
    this.sessions.set(token, session.claims, session);
    const oldest = this.sessions.oldestToken();
    if (this.sessions.size > this.maxSessions && oldest !== undefined) {
      this.sessions.delete(oldest);
    }
  }

  forget(token: string): void {
    this.sessions.delete(token);
  }

  /**
   * @param name of `sessionName` or `userName`
   * @returns how many were kept
   */
  forgetNamed(name: string): number {
    const tokens = this.sessions.tokensNamed(name);
    tokens.forEach((token) => this.sessions.delete(token));
    return tokens.length;
  }

  forgetAll(): void {
    this.sessions.clear();
  }
}
