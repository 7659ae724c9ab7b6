import { InvalidArgumentError } from 'commander';
import type { Role } from '#libs/user';

/** Listed here, so that help does not load the library. The compiler refuses a missing role. */
export const ROLES = Object.keys({ user: true, admin: true } satisfies Record<Role, true>);

export const USER_HELP = "the account's e-mail address, or its id";

const UNIT_SECONDS = new Map([
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);

/** Of an invitation, in seconds: as in the API. */
const MIN_TTL_SECONDS = 60;
const MAX_TTL_SECONDS = 7_776_000;

export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number === 0) {
    throw new InvalidArgumentError('It must be an integer of at least 1.');
  }
  return number;
}

/** `30m`, `24h` or `7d`, in seconds. */
export function ttlSeconds(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNIT_SECONDS.get(unit) ?? NaN);
  if (!(seconds >= MIN_TTL_SECONDS && seconds <= MAX_TTL_SECONDS)) {
    throw new InvalidArgumentError('It must be a duration from 1m to 90d, such as 24h.');
  }
  return seconds;
}
