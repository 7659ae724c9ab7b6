import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { SigningKey } from './signing-key.js';

export interface TokenOptions {
  userId?: string;
  sessionId?: string;
  role?: string;
  /** Default 3,600. */
  expiresInSeconds?: number;
  /** More claims, or other ones: `{ aud: 'another-service' }`. */
  claims?: Record<string, unknown>;
  /** Members of the header: `{ typ: 'JWT' }`. */
  header?: Record<string, unknown>;
}

export interface IssuedToken {
  readonly token: string;
  readonly userId: string;
  readonly sessionId: string;
}

interface FakeSession {
  readonly userId: string;
  readonly role: string;
  readonly expiresAtMs: number;
  state: 'alive' | 'ended but still active' | 'ended';
}

/** Sessions, in the memory of the process. */
export class FakeSessions {
  private readonly sessions = new Map<string, FakeSession>();
  private readonly issued = new Set<string>();

  constructor(
    private readonly issuer: string,
    private readonly audience: string,
  ) {}

  async issue(key: SigningKey, options: TokenOptions): Promise<IssuedToken> {
    const { userId = randomUUID(), sessionId = randomUUID(), role = 'user' } = options;
    const iat = Math.floor(Date.now() / 1_000);
    const exp = iat + (options.expiresInSeconds ?? 3_600);
    const expected = { iss: this.issuer, aud: this.audience, jti: randomUUID() };
    const proof = { auth_time: iat, amr: ['pwd'] };
    const claims = {
      ...{ sub: userId, sid: sessionId, iat, exp },
      ...expected,
      ...proof,
      ...options.claims,
    };
    const token = await key.sign({ typ: 'at+jwt', ...options.header }, claims);
    this.issued.add(token);
    if (!this.sessions.has(sessionId)) {
      const expiresAtMs = exp * 1_000;
      this.sessions.set(sessionId, { userId, role, expiresAtMs, state: 'alive' });
    }
    return { token, userId, sessionId };
  }

  introspect(token: string): Record<string, unknown> {
    const claims = this.issued.has(token) ? decodeJwt(token) : {};
    const session = this.sessions.get(String(claims.sid));
    const isActive =
      session !== undefined && session.state !== 'ended' && Date.now() < Number(claims.exp) * 1_000;
    return isActive
      ? { active: true, ...claims, scope: session.role, token_type: 'Bearer' }
      : { active: false };
  }

  /** @returns the data of the event */
  end(sessionId: string, isStale: boolean): Record<string, unknown> {
    const session = this.sessions.get(sessionId);
    if (session === undefined) {
      throw new TypeError(`No session ${sessionId} has been issued.`);
    }
    session.state = isStale ? 'ended but still active' : 'ended';
    const exp = Math.ceil(session.expiresAtMs / 1_000);
    return { sid: sessionId, sub: session.userId, reason: 'logout', exp };
  }

  /** Introspection answers `active: false` for every session that has ended. */
  catchUp(): void {
    for (const session of this.sessions.values()) {
      session.state = session.state === 'alive' ? 'alive' : 'ended';
    }
  }

  /** @returns the data of the event */
  endAllOf(userId: string, isStale: boolean, except?: string): Record<string, unknown> {
    for (const [sessionId, session] of this.sessions) {
      if (session.userId === userId && sessionId !== except) {
        this.end(sessionId, isStale);
      }
    }
    const reason = except === undefined ? 'logout_all' : 'revoked_by_user';
    return { sub: userId, reason, before: new Date().toISOString(), except };
  }
}
