export const syncKeys = {
  /**
   * String `era|snapshot|recordedAtMs`: in which snapshot of the record what stands in Redis is
   * complete. No TTL. A Redis without it, or with that of another era, is not in sync.
   */
  position: 'latchkey:position',
};
