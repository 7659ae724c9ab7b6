import type { components } from './api-types.js';
import type { Tokens } from './token-storage.js';

export type AuthResult = components['schemas']['AuthResult'];

type Pair = Pick<Tokens, 'accessToken' | 'refreshToken'>;

/** How the tokens travel between this client and the server. */
export interface Carrier {
  /** Of `fetch`: whether the browser sends and stores cookies. */
  readonly credentials: 'omit' | 'include';
  /** Whether calls without known tokens may be signed in all the same. */
  readonly isAmbient: boolean;
  /** Fields that a sign-in sends in addition. */
  readonly signIn: object;
  headers(accessToken: string): Record<string, string>;
  /** The body of a refresh. */
  refresh(tokens: Pair | null): object;
  /** The tokens of an answer; undefined if it has none. */
  pairOf(result: Partial<AuthResult>): Pair | undefined;
}

/** In the header `Authorization` and in bodies. */
export const bearer: Carrier = {
  credentials: 'omit',
  isAmbient: false,
  signIn: {},
  headers: (accessToken) => ({ authorization: `Bearer ${accessToken}` }),
  refresh: (tokens) => ({ refreshToken: tokens?.refreshToken }),
  pairOf: ({ accessToken, refreshToken }) =>
    typeof accessToken === 'string' && typeof refreshToken === 'string'
      ? { accessToken, refreshToken }
      : undefined,
};

/**
 * In cookies, which no script can read. In the place of the tokens stands a mark that tells one pair from the next: it is
 * no secret, and the server does not know it.
 */
export const cookies: Carrier = {
  credentials: 'include',
  isAmbient: true,
  signIn: { cookies: true },
  headers: () => ({}),
  refresh: () => ({}),
  pairOf: ({ accessToken }) =>
    accessToken === undefined ? { accessToken: newMark(), refreshToken: '' } : undefined,
};

function newMark(): string {
  return `cookie-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}
