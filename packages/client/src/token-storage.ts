/** The tokens of a session. */
export interface Tokens {
  /** Empty for cookies that the client has not seen before their first use. */
  sessionId: string;
  accessToken: string;
  refreshToken: string;
  /** Lifetime of the access token when it was received, in seconds. */
  expiresIn: number;
  /** When it was received; Unix time in ms. */
  receivedAt: number;
}

/** Where the tokens are kept. Methods may return promises. */
export interface TokenStorage {
  /**
   * Clients whose storages have the same name refresh one at a time, across tabs and worker threads that have
   * `navigator.locks`. Leave it out when no other client uses these tokens.
   */
  readonly name?: string;
  /** @returns null when signed out. */
  read(): Tokens | null | Promise<Tokens | null>;
  /** Replaces the tokens; null removes them. */
  write(tokens: Tokens | null): void | Promise<void>;
}

/** Keeps the tokens in a variable: a reload of the page signs out, and no other script can read them from a store. */
export function memoryTokens(): TokenStorage {
  let kept: Tokens | null = null;
  return {
    read: () => kept,
    write(tokens) {
      kept = tokens;
    },
  };
}

/** As much of `localStorage` as is used. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * Keeps the tokens in `localStorage`: all tabs share them, and they survive a reload.
 *
 * Risk: every script of the origin can read `localStorage`. One injected script (XSS, a dependency, a browser
 * extension) copies the refresh token and holds the session until it is revoked. Tokens in memory do not stop such a
 * script, but it must act while the page is open.
 * @param key of the entry.
 */
export function localStorageTokens(
  key = 'latchkey',
  storage: KeyValueStorage = (globalThis as unknown as { localStorage: KeyValueStorage })
    .localStorage,
): TokenStorage {
  return {
    name: key,
    read: () => parse(storage.getItem(key)),
    write(tokens) {
      if (tokens) {
        storage.setItem(key, JSON.stringify(tokens));
      } else {
        storage.removeItem(key);
      }
    },
  };
}

/** In a variable, in cookies, or in a storage of the application. */
export type StorageChoice = 'memory' | 'cookies' | TokenStorage;

export function storageOf(choice: StorageChoice, baseUrl: string): TokenStorage {
  switch (choice) {
    case 'memory':
      return memoryTokens();
    case 'cookies':
      return cookieMarks(baseUrl);
    default:
      return choice;
  }
}

/**
 * For tokens in cookies: keeps the mark of the current pair, which is no secret, so that the tabs of an origin know of each
 * other's refreshes. In `localStorage`, or in memory where the page has none.
 */
function cookieMarks(baseUrl: string): TokenStorage {
  const key = `latchkey-cookies ${baseUrl}`;
  try {
    return localStorageTokens(key, pageStorage());
  } catch {
    return { name: key, ...memoryTokens() };
  }
}

/** @throws DOMException where the page may not use it; TypeError where there is none. */
function pageStorage(): KeyValueStorage {
  const { localStorage } = globalThis as unknown as { localStorage?: KeyValueStorage };
  if (!localStorage) {
    throw new TypeError('There is no localStorage.');
  }
  return localStorage;
}

function parse(text: string | null): Tokens | null {
  try {
    const tokens = JSON.parse(text ?? 'null') as Partial<Tokens> | null;
    return typeof tokens?.accessToken === 'string' && typeof tokens.refreshToken === 'string'
      ? (tokens as Tokens)
      : null;
  } catch {
    return null;
  }
}
