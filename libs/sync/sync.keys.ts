export const syncKeys = {
  /**
   * String `epoch|snapshot|recordedAtMs`: up to which snapshot of Postgres Redis is
   * complete. No TTL. A Redis without it, or with that of another epoch, is not in sync.
   */
  checkpoint: 'latchkey:checkpoint',
};
