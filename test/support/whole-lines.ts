/** The complete lines of a log. Another process may be writing the last one. */
export function wholeLines(log: string): string[] {
  return log.split('\n').slice(0, -1);
}
