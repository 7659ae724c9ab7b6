const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Somebody wants the process to end. */
export interface StopRequest {
  reason: string;
  /** Nobody is left who would send requests or wait for the end. */
  isUrgent: boolean;
}

/** Calls back for every signal, and when whoever started this process through a channel has gone. */
export function onStopRequest(listener: (request: StopRequest) => void): void {
  for (const signal of SIGNALS) {
    process.on(signal, () => listener({ reason: signal, isUrgent: false }));
  }
  process.once('disconnect', () => listener({ reason: 'the parent has gone', isUrgent: true }));
}
