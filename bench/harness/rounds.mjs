// @ts-check

/**
 * The order of one round. It begins with another row each time, and every second round is reversed, so that no row
 * always comes first or after the same row.
 * @template T
 * @param {readonly T[]} rows
 * @param {number} round from 0
 * @returns {T[]}
 */
export function orderOf(rows, round) {
  const line = round % 2 === 0 ? rows : rows.toReversed();
  const first = round % Math.max(1, rows.length);
  return [...line.slice(first), ...line.slice(0, first)];
}

/**
 * Measures all rows in turn: a warm-up round, whose figures are dropped, then the rounds that count.
 * @template {{ id: string }} Row
 * @template Figures
 * @param {readonly Row[]} rows
 * @param {number} rounds
 * @param {(row: Row, round: number) => Promise<Figures>} measure the round is -1 to warm up
 * @returns {Promise<Map<string, Figures[]>>} by the row's id, in the order of the rounds
 */
export async function interleave(rows, rounds, measure) {
  for (const row of rows) {
    await measure(row, -1);
  }
  /** @type {Map<string, Figures[]>} */
  const all = new Map(rows.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const row of orderOf(rows, round)) {
      all.get(row.id)?.push(await measure(row, round));
    }
  }
  return all;
}
