/** Calls `work` this many times, with a bound on concurrent calls, and returns all results. */
export async function inTurns<T>(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  async function takeTurns(): Promise<void> {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  return results;
}
