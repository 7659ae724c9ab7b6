export const syncKeys = {
  /**
   * String `epoch|snapshot|recordedAtMs`: in which snapshot of the record what stands in Redis is
   * complete. No TTL. A Redis without it, or with that of another epoch, is not in sync.
   */
  checkpoint: 'latchkey:checkpoint',
};
