const LONG = process.env.LATCHKEY_LONG_TESTS === '1';

/** A number of runs, requests or milliseconds: the second with `LATCHKEY_LONG_TESTS=1`, for a nightly run. */
export function lasting(short: number, long: number): number {
  return LONG ? long : short;
}
