/** The lines of a log that have been written to their end: another process may be at the last one. */
export function wholeLines(log: string): string[] {
  return log.split('\n').slice(0, -1);
}
