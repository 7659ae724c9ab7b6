import type { VerifierErrorCode } from './errors.js';

/** What a verifier reports to `onEvent`. */
export type VerifierEvent =
  /** A call of `verify` has ended: accepted from memory, accepted by an answer of the issuer, or refused with this code. */
  | { type: 'check'; result: 'kept' | 'introspected' | VerifierErrorCode | 'aborted' }
  /** A call to `introspect` has ended. */
  | { type: 'introspection'; result: 'active' | 'inactive' | 'failed'; durationMs: number }
  | { type: 'stream_connected'; resumed: boolean }
  /** `reason` is a text for a log. */
  | { type: 'stream_lost'; reason: string; retryInMs: number }
  /** What is kept is used, or is not used, from now on. */
  | { type: 'trust'; trusted: boolean }
  /** With each heartbeat: how far the stream is behind. */
  | { type: 'lag'; lagMs: number }
  /** Everything kept was forgotten. */
  | { type: 'reset'; reason: string }
  /** A session that the verifier kept, or whose end is awaited, has been named by the stream. */
  | { type: 'end_named'; of: 'session' | 'subject' };

export type Report = (event: VerifierEvent) => void;

/** A callback that throws must not change the answer of the verifier. */
export function reportTo(onEvent: Report): Report {
  return (event) => {
    try {
      onEvent(event);
    } catch {
      // The documentation of `onEvent` says so.
    }
  };
}
