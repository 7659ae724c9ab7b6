declare module 'cluster-key-slot' {
  /** The slot of a key, by its hash tag: CRC-16 modulo 16384. */
  function calculateSlot(key: string): number;
  export = calculateSlot;
}
