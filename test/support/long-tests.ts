const LONG = process.env.LATCHKEY_LONG_TESTS === '1';
const EVERY_FILE = process.env.LATCHKEY_TEST_EVERY_FILE === '1';
/** `npm test` prints it. The same number chooses the same cases. */
const SEED = Number(process.env.LATCHKEY_TEST_SEED ?? 0);

/** A number of runs, requests or milliseconds: the second with `LATCHKEY_LONG_TESTS=1`, for a nightly run. */
export function lasting(short: number, long: number): number {
  return LONG ? long : short;
}

/**
 * The cases that this run tries; all of them with `LATCHKEY_LONG_TESTS=1`. The cases are dealt out to the smallest number
 * of equal groups, and the seed chooses a group: consecutive seeds try every case.
 * @param count the size of the largest group.
 */
export function someOf<T>(cases: readonly T[], count: number): readonly T[] {
  return shareOf(cases, Math.ceil(cases.length / count));
}

/**
 * Every nth case, from one that the seed chooses; all of them with `LATCHKEY_LONG_TESTS=1`.
 * @param groups n: that many consecutive seeds try every case.
 * @param offset added to the seed, so that several lists are not tried at the same places.
 */
export function shareOf<T>(cases: readonly T[], groups: number, offset = 0): readonly T[] {
  return LONG ? cases : cases.filter((_case, index) => (index + SEED + offset) % groups === 0);
}

/** One case of each kind, chosen by the seed; all of them with `LATCHKEY_LONG_TESTS=1`. */
export function oneOfEach<T>(cases: readonly T[], kindOf: (one: T) => string): readonly T[] {
  const kinds = [...new Set(cases.map(kindOf))];
  return kinds.flatMap((kind) =>
    someOf(
      cases.filter((one) => kindOf(one) === kind),
      1,
    ),
  );
}

/**
 * Whether this run tries one of several groups of tests that cost much; every group with `LATCHKEY_LONG_TESTS=1`. Other
 * digits of the seed decide than in `someOf`, so that all cases of a group have their turn.
 * @param group from 0 to `groups` - 1
 */
export function isTurnOf(group: number, groups: number): boolean {
  return LONG || Math.floor(SEED / 100) % groups === group;
}

/** As `isTurnOf`, for whole spec files, by yet other digits. `.ci/run` tries them all. */
export function isTurnOfFile(group: number, groups: number): boolean {
  return LONG || EVERY_FILE || Math.floor(SEED / 10_000) % groups === group;
}
