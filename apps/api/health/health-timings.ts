/** Load of the probes on the stores. In milliseconds. */
export class HealthTimings {
  /** How long a result is reused. */
  cacheMs = 1000;

  /** When a check of a store fails. Shorter than the timeout of most probes. */
  timeoutMs = 1000;
}
