import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsString, Length, MinLength, ValidateBy } from 'class-validator';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '#libs/auth';
import { emailProblem } from '#libs/user';

/** Unicode that can be stored unchanged: no lone surrogates, no NUL, which Postgres refuses. */
export function IsStorableText() {
  return ValidateBy({
    name: 'isStorableText',
    validator: {
      validate: (value) =>
        typeof value === 'string' && !value.includes('\0') && value.isWellFormed(),
      defaultMessage: () => '$property must be valid Unicode without null characters',
    },
  });
}

/** Trims a string and leaves other values to the validators. */
function Trim() {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim() : value,
  );
}

/** An e-mail address by the rules of `emailProblem`, which returns the reason. */
export function IsEmailAddress() {
  return applyDecorators(
    Trim(),
    ValidateBy({
      name: 'isEmailAddress',
      validator: {
        validate: (value) => emailProblem(value) === null,
        defaultMessage: (about) => `$property ${emailProblem(about?.value) ?? ''}`,
      },
    }),
  );
}

/** Description of a new password in the OpenAPI document. */
export const NEW_PASSWORD =
  'Any characters, taken exactly as sent. Common passwords, repetitions, sequences, and your name, e-mail ' +
  'address or the name of the service with little added are refused.';

/** A password, taken exactly as sent, of 8 to 128 characters. PasswordPolicy has the other rules. */
export function IsNewPassword() {
  return applyDecorators(
    IsString(),
    Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH),
    IsStorableText(),
  );
}

/** Maximum length in UTF-8 of a password that is compared with a stored hash: far more than forms accept. */
export const MAX_PRESENTED_PASSWORD_BYTES = 1024;

/** Description of an existing password in the OpenAPI document. */
export const PRESENTED_PASSWORD = `At most ${MAX_PRESENTED_PASSWORD_BYTES} bytes in UTF-8: the rules for new passwords do not apply.`;

/**
 * An existing password, bounded by bytes alone: it may have been chosen by the rules of another system, or by older
 * rules.
 */
export function IsPresentedPassword() {
  return applyDecorators(
    IsString(),
    MinLength(1),
    ValidateBy({
      name: 'isPresentedPassword',
      validator: {
        validate: (value) =>
          typeof value === 'string' && Buffer.byteLength(value) <= MAX_PRESENTED_PASSWORD_BYTES,
        defaultMessage: () => `$property must have at most ${MAX_PRESENTED_PASSWORD_BYTES} bytes`,
      },
    }),
    IsStorableText(),
  );
}
