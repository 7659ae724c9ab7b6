/** How much probes may ask of the stores. Milliseconds. */
export class HealthTimings {
  /** For which what the stores said is told to whoever asks next. */
  cacheMs = 1000;

  /** After which a store counts as not answering: shorter than probes usually wait. */
  timeoutMs = 1000;
}
