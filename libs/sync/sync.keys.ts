export const syncKeys = {
  /**
   * String `epoch|snapshot|recordedAtMs`: the snapshot of Postgres up to which Redis is complete. No TTL. A Redis
   * without it, or with that of another epoch, is not in sync.
   */
  checkpoint: 'latchkey:checkpoint',
};
