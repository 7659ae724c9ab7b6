/** A simple, sequential session authority in memory. Instants in milliseconds. */

export const SESSION_TTL_MS = 24 * 3_600_000;
export const MAX_LIFETIME_MS = 72 * 3_600_000;
export const TOKEN_TTL_MS = 24 * 3_600_000;

export interface ModelToken {
  text: string;
  expiresAtMs: number;
}

export interface ModelRefreshToken {
  text: string;
  usedAtMs: number | null;
  successor: ModelRefreshToken | null;
}

export interface ModelSession {
  id: string;
  createdAtMs: number;
  expiresAtMs: number;
  alive: boolean;
  tokens: ModelToken[];
  refreshTokens: ModelRefreshToken[];
}

export interface ModelUser {
  id: string;
  email: string;
  password: string;
  role: 'user' | 'admin';
  /** Until when the user cannot sign in, in ms; Infinity: without end; 0: the user can. */
  disabledUntilMs: number;
  sessions: ModelSession[];
}

export type RefreshExpectation = 'rotated' | 'repeated' | 'refused' | 'reused';

const REPEAT_GRACE_MS = 10_000;

export function openSession(
  user: ModelUser,
  id: string,
  token: string,
  refreshToken: string,
  nowMs: number,
): void {
  const expiresAtMs = nowMs + SESSION_TTL_MS;
  user.sessions.push({
    id,
    createdAtMs: nowMs,
    expiresAtMs,
    alive: true,
    tokens: [{ text: token, expiresAtMs: nowMs + TOKEN_TTL_MS }],
    refreshTokens: [{ text: refreshToken, usedAtMs: null, successor: null }],
  });
}

/** Is a request with this token recognised? */
export function isRecognised(session: ModelSession, token: ModelToken, nowMs: number): boolean {
  return session.alive && nowMs < session.expiresAtMs && nowMs < token.expiresAtMs;
}

/** The expected result of a refresh with this token. */
export function expectRefresh(
  session: ModelSession,
  token: ModelRefreshToken,
  nowMs: number,
): RefreshExpectation {
  if (!session.alive || nowMs >= session.expiresAtMs) {
    return 'refused';
  }
  if (token.usedAtMs === null) {
    return 'rotated';
  }
  const fresh = nowMs - token.usedAtMs <= REPEAT_GRACE_MS;
  return fresh && token.successor?.usedAtMs === null ? 'repeated' : 'reused';
}

export function rotate(
  session: ModelSession,
  used: ModelRefreshToken,
  token: string,
  refreshToken: string,
  nowMs: number,
): void {
  const successor = { text: refreshToken, usedAtMs: null, successor: null };
  used.usedAtMs = nowMs;
  used.successor = successor;
  session.expiresAtMs = Math.min(nowMs + SESSION_TTL_MS, session.createdAtMs + MAX_LIFETIME_MS);
  session.refreshTokens.push(successor);
  const expiresAtMs = Math.min(nowMs + TOKEN_TTL_MS, session.expiresAtMs);
  session.tokens.push({ text: token, expiresAtMs });
}

export function revokeAll(user: ModelUser, nowMs: number): number {
  const live = user.sessions.filter(({ alive, expiresAtMs }) => alive && nowMs < expiresAtMs);
  user.sessions.forEach((session) => (session.alive = false));
  return live.length;
}
