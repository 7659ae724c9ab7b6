// @ts-check

/**
 * @template T, R
 * @param {readonly T[]} items
 * @param {number} limit how many at once
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>} in the order of the items
 */
export async function inParallel(items, limit, work) {
  /** @type {R[]} */
  const results = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(/** @type {T} */ (items[index]));
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}
