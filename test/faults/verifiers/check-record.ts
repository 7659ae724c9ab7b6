/** One call of `verify` and its result. Instants by the monotonic clock of the process. */
export interface CheckRecord {
  /** Name of the verifier. */
  verifier: string;
  session: string;
  startMs: number;
  endMs: number;
  /** 200: accepted. 401, 503: refused. */
  status: number;
  /** The code of the refusal. */
  code: string | null;
}

/** A signal of `onSessionEnd` that was open until `endMs`. */
export interface SignalRecord {
  verifier: string;
  session: string;
  startMs: number;
  /** When it was aborted; Infinity while it was not. */
  endMs: number;
  /** When the test stopped to wait for it, or its verifier was closed. */
  watchedUntilMs: number;
  /** The code of its reason. */
  code: string | null;
}
