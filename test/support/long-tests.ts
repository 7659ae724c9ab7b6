const LONG = process.env.LATCHKEY_LONG_TESTS === '1';

/** A number of runs, requests or milliseconds: the second with `LATCHKEY_LONG_TESTS=1`, for a nightly run. */
export function lasting(short: number, long: number): number {
  return LONG ? long : short;
}

/** Those of some cases that every run tries; all of them with `LATCHKEY_LONG_TESTS=1`. */
export function someOf<T>(cases: readonly T[], count: number): readonly T[] {
  return LONG ? cases : cases.slice(0, count);
}
