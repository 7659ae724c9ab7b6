import { ValidationFailedError, type FieldError } from '#libs/common';

/** Fields of a form, parameters of a query, members of a JSON object. No route knows more than ten. */
const MAX_FIELDS = 64;
/** What an answer lists; it must not be many times the size of its request. */
const MAX_ERRORS = 20;
const MAX_NAME_LENGTH = 64;

/**
 * To be called before fields are looked at one by one.
 * @param field what errors name: `body` or `query`.
 * @throws ValidationFailedError
 */
export function refuseManyFields(count: number, field: 'body' | 'query'): void {
  if (count > MAX_FIELDS) {
    const messages = [`${field} must have at most ${MAX_FIELDS} fields`];
    throw new ValidationFailedError([{ field, messages }]);
  }
}

/** The number of fields of an encoded form, counted no further than it matters. */
export function countFields(form: string): number {
  return form.split('&', MAX_FIELDS + 1).length;
}

/** Errors of the first fields, with names that are cut where they are too long to be any of ours. */
export function boundedErrors(errors: FieldError[]): FieldError[] {
  const listed = errors.slice(0, MAX_ERRORS).map(withBoundedName);
  const more = errors.length - listed.length;
  return more > 0
    ? [...listed, { field: 'body', messages: [`${more} more fields are invalid`] }]
    : listed;
}

function withBoundedName({ field, messages }: FieldError): FieldError {
  if (field.length <= MAX_NAME_LENGTH) {
    return { field, messages };
  }
  const name = `${field.slice(0, MAX_NAME_LENGTH)}...`.toWellFormed();
  return {
    field: name,
    messages: messages.map((message) => message.replaceAll(field, () => name)),
  };
}
