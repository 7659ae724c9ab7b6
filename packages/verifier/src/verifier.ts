import type { VerifiedSession } from './session.js';

/** Verifies access tokens of Latchkey. One per process: each has a connection of its own to the stream. */
export interface Verifier {
  /**
   * @param token an access token, without `Bearer`
   * @param options the signal rejects this call alone
   * @throws TokenMissingError, TokenInvalidError, TokenExpiredError, TokenRevokedError (401), VerifierUnavailableError (503)
   */
  verify(token: string | undefined, options?: { signal?: AbortSignal }): Promise<VerifiedSession>;
  /**
   * A signal that aborts when the session has ended, its token has expired, or the verifier can no longer tell. Its
   * `reason` is a `VerifierError`.
   * @param session a session that `verify` of this verifier returned, or the id of one that it keeps as alive; for any other
   * id the signal is aborted from the start
   * @throws VerifierUnavailableError when `maxSignals` are open
   */
  onSessionEnd(session: VerifiedSession | string): AbortSignal;
  /** Forgets a signal of `onSessionEnd` that is no longer needed. It will not abort. */
  release(signal: AbortSignal): void;
  /** Whether the stream has been heard within the bound. While it is false, every call of `verify` asks the issuer. */
  readonly isTrusted: boolean;
  /** Ends the connection and all signals. Later calls of `verify` are refused. */
  close(): void;
}
