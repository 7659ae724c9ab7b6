import { isISO8601, ValidateBy } from 'class-validator';

/** RFC 3339 with a time zone: without one, an instant would depend on the place of the server. */
const WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** Why a value is no instant in the future; null for one. The text follows the name of the field. */
export function instantProblem(value: unknown, nowMs: number): string | null {
  if (
    typeof value !== 'string' ||
    !WITH_ZONE.test(value) ||
    !isISO8601(value, { strict: true }) ||
    Number.isNaN(Date.parse(value))
  ) {
    return 'must be a date and time with a time zone, such as 2030-01-31T12:00:00Z';
  }
  return Date.parse(value) > nowMs ? null : 'must be in the future';
}

/** An instant in the future, by the rules of `instantProblem`. */
export function IsFutureInstant() {
  return ValidateBy({
    name: 'isFutureInstant',
    validator: {
      validate: (value) => instantProblem(value, Date.now()) === null,
      defaultMessage: (about) => `$property ${instantProblem(about?.value, Date.now()) ?? ''}`,
    },
  });
}
