import { ValidationFailedError, type FieldError } from '#libs/common';

/** Fields of a form, parameters of a query, members of a JSON object. No route has more than ten. */
const MAX_FIELDS = 64;
/** Errors per answer: the answer must not be many times as long as its request. */
const MAX_ERRORS = 20;
const MAX_NAME_LENGTH = 64;

/**
 * Call it before the fields are processed one by one.
 * @param field the name in the error: `body` or `query`.
 * @throws ValidationFailedError
 */
export function refuseManyFields(count: number, field: 'body' | 'query'): void {
  if (count > MAX_FIELDS) {
    const messages = [`${field} must have at most ${MAX_FIELDS} fields`];
    throw new ValidationFailedError([{ field, messages }]);
  }
}

/** The number of fields of an encoded form. Stops counting beyond the limit. */
export function countFields(form: string): number {
  return form.split('&', MAX_FIELDS + 1).length;
}

/** The errors of the first fields. Names that are longer than any known field are cut. */
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
