import type { VerifierEvent } from './events.js';

export interface VerifierOptions {
  /** Base address of Latchkey, such as `https://auth.example.com`. */
  url: string | URL;
  /** A client of the setting `INTROSPECTION_CLIENTS` of Latchkey. */
  clientId: string;
  clientSecret: string;
  /**
   * Claim `iss` of the tokens, or several that are accepted. Default `latchkey` and `url`: Latchkey names its `PUBLIC_URL`
   * where that is set.
   */
  issuer?: string | readonly string[];
  /** Claim `aud` of the tokens. Default `latchkey-api`. */
  audience?: string;
  /** No token is accepted longer than this after a 2xx of its revocation. At least 1,500; default 2,000. */
  boundMs?: number;
  /** How long a token is still accepted after its expiry, for clocks that differ. Default 0. */
  clockToleranceSeconds?: number;
  /** Deadline of each call to Latchkey. At most, and by default, `boundMs` - 1,000. */
  deadlineMs?: number;
  /** How many tokens are kept as alive; the least recently used leaves first. Default 10,000. */
  maxSessions?: number;
  /** How many signals of `onSessionEnd` may be open; one more throws `VerifierUnavailableError`. Default 100,000. */
  maxSignals?: number;
  /** Receives what happens, for metrics and logs. It must not throw; what it throws is ignored. */
  onEvent?: (event: VerifierEvent) => void;
  /** Replaces the global `fetch` for introspection and keys. The stream uses `node:http` or `node:https`. */
  fetch?: typeof fetch;
}

/** After the commit of an end, an instance of Latchkey may answer from an older state for this long. */
export const STALE_ANSWER_MS = 1_000;

export interface Settings extends Required<VerifierOptions> {
  url: URL;
  issuer: readonly string[];
}

/** @throws TypeError, RangeError for options that no verifier can work with */
export function settingsOf(options: VerifierOptions): Settings {
  const { clientId, clientSecret, boundMs = 2_000 } = options;
  if (clientId === '' || clientId.includes(':') || clientSecret === '') {
    throw new TypeError('clientId must be set and have no colon, clientSecret must be set.');
  }
  inRange('boundMs', boundMs, 1_500, 60_000);
  const { deadlineMs = boundMs - STALE_ANSWER_MS, maxSessions = 10_000 } = options;
  inRange('deadlineMs', deadlineMs, 1, boundMs - STALE_ANSWER_MS);
  inRange('maxSessions', maxSessions, 1, 10_000_000);
  const { maxSignals = 100_000, clockToleranceSeconds = 0 } = options;
  inRange('maxSignals', maxSignals, 1, 10_000_000);
  inRange('clockToleranceSeconds', clockToleranceSeconds, 0, 300);
  const url = baseOf(options.url);
  const { issuer = ['latchkey', url.href.replace(/\/$/, '')] } = options;
  return {
    url,
    clientId,
    clientSecret,
    issuer: [issuer].flat(),
    audience: options.audience ?? 'latchkey-api',
    boundMs,
    clockToleranceSeconds,
    deadlineMs,
    maxSessions,
    maxSignals,
    onEvent: options.onEvent ?? (() => undefined),
    fetch: options.fetch ?? fetch,
  };
}

/** The value of the header field `Authorization` (RFC 7617). */
export function basicCredentials({ clientId, clientSecret }: Settings): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

function baseOf(url: string | URL): URL {
  const base = new URL(url);
  if (!/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '') {
    throw new TypeError('url must be an http or https address without credentials.');
  }
  base.pathname = base.pathname.replace(/\/*$/, '/');
  base.search = '';
  base.hash = '';
  return base;
}

function inRange(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name} must be a number from ${least} to ${most}.`);
  }
}
