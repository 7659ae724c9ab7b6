const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** A request to stop the process. */
export interface StopRequest {
  reason: string;
  /** The parent has ended, so that no client and no supervisor waits for the delay. */
  isUrgent: boolean;
}

/** Calls `listener` for each signal, and when the parent closes its IPC channel. */
export function onStopRequest(listener: (request: StopRequest) => void): void {
  for (const signal of SIGNALS) {
    process.on(signal, () => listener({ reason: signal, isUrgent: false }));
  }
  process.once('disconnect', () => listener({ reason: 'the parent has ended', isUrgent: true }));
}
