/** A simple, sequential session authority in memory. Instants in milliseconds. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TOKEN_TTL_MS = DAY_MS;
const RECENT_MS = 600_000;

/** Of sessions that are not remembered, and of those that are. */
const LIFETIMES = {
  usual: { ttlMs: DAY_MS, mostMs: 3 * DAY_MS },
  remembered: { ttlMs: 2 * DAY_MS, mostMs: 5 * DAY_MS },
};

/** The settings of the service that the model follows. */
export const MODEL_SETTINGS = {
  SESSION_MAX_LIFETIME: '3d',
  REMEMBER_TTL: '2d',
  REMEMBER_MAX_LIFETIME: '5d',
  VERIFY_ATTRIBUTES: 'value',
  INTROSPECTION_CLIENTS: 'model:the secret of a model',
};

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
  remembered: boolean;
  createdAtMs: number;
  expiresAtMs: number;
  usedAtMs: number;
  /** How long it lives without a use. */
  idleMs: number;
  provedAtMs: number;
  attribute: string;
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

/** What the service has answered to a sign-in. */
export interface Opened {
  id: string;
  token: string;
  refreshToken: string;
  createdAtMs: number;
}

export function openSession(
  user: ModelUser,
  { id, token, refreshToken, createdAtMs }: Opened,
  { remembered = false, idleMs = Infinity },
): void {
  const { ttlMs } = LIFETIMES[remembered ? 'remembered' : 'usual'];
  const expiresAtMs = createdAtMs + ttlMs;
  user.sessions.push({
    ...{ id, remembered, createdAtMs, expiresAtMs, idleMs },
    usedAtMs: createdAtMs,
    provedAtMs: createdAtMs,
    attribute: '',
    alive: true,
    tokens: [{ text: token, expiresAtMs: Math.min(expiresAtMs, createdAtMs + TOKEN_TTL_MS) }],
    refreshTokens: [{ text: refreshToken, usedAtMs: null, successor: null }],
  });
}

export function isLive(session: ModelSession, nowMs: number): boolean {
  const { alive, expiresAtMs, usedAtMs, idleMs } = session;
  return alive && nowMs < expiresAtMs && nowMs < usedAtMs + idleMs;
}

/** Is a request with this token recognised? */
export function isRecognised(session: ModelSession, token: ModelToken, nowMs: number): boolean {
  return isLive(session, nowMs) && nowMs < token.expiresAtMs;
}

/** Has the user proved their identity recently? */
export function isProved({ provedAtMs }: ModelSession, nowMs: number): boolean {
  return nowMs < provedAtMs + RECENT_MS;
}

/** The expected result of a refresh with this token. */
export function expectRefresh(
  session: ModelSession,
  token: ModelRefreshToken,
  nowMs: number,
): RefreshExpectation {
  if (!isLive(session, nowMs)) {
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
  const { ttlMs, mostMs } = LIFETIMES[session.remembered ? 'remembered' : 'usual'];
  const successor = { text: refreshToken, usedAtMs: null, successor: null };
  used.usedAtMs = nowMs;
  used.successor = successor;
  session.expiresAtMs = Math.min(nowMs + ttlMs, session.createdAtMs + mostMs);
  session.usedAtMs = nowMs;
  session.refreshTokens.push(successor);
  const expiresAtMs = Math.min(nowMs + TOKEN_TTL_MS, session.expiresAtMs);
  session.tokens.push({ text: token, expiresAtMs });
}

/** @returns how many living sessions have ended. */
export function revokeAll(user: ModelUser, nowMs: number, except?: ModelSession): number {
  const ended = user.sessions.filter((session) => session !== except);
  const live = ended.filter((session) => isLive(session, nowMs));
  ended.forEach((session) => (session.alive = false));
  return live.length;
}
