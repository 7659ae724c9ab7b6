// @ts-check

/**
 * @template T, R
 * @param {readonly T[]} items
 * @param {number} limit how many at once
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>} in the order of the items; a failure is thrown once nothing is under way any more
 */
export async function inParallel(items, limit, work) {
  /** @type {R[]} */
  const results = [];
  /** @type {unknown[]} */
  const failures = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length && failures.length === 0; index = next++) {
      try {
        results[index] = await work(/** @type {T} */ (items[index]));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) {
    throw failures[0];
  }
  return results;
}
