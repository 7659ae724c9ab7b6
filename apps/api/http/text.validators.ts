import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { isEmail, IsString, Length, MaxLength, ValidateBy } from 'class-validator';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '#libs/auth';

/** Unicode that survives storage as sent: no lone surrogates, no NUL, which Postgres refuses. */
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

/** Trims a string and leaves anything else to the validators. */
function Trim() {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim() : value,
  );
}

const ASCII = /^[\x21-\x7e]+$/;

/**
 * An address whose case can be folded without surprise: ASCII, an international domain in its
 * xn-- form.
 */
export function IsEmailAddress() {
  return applyDecorators(
    Trim(),
    ValidateBy({
      name: 'isEmailAddress',
      validator: {
        // ASCII first: the library throws on text that is not well-formed Unicode.
        validate: (value) => typeof value === 'string' && ASCII.test(value) && isEmail(value),
        defaultMessage: () => '$property must be an e-mail address in ASCII characters',
      },
    }),
    MaxLength(254),
  );
}

/** For the documentation of a new password. */
export const NEW_PASSWORD =
  'Any characters, taken exactly as sent. Common passwords, repetitions, sequences, and your name, e-mail ' +
  'address or the name of the service with little added are refused.';

/** A password taken exactly as sent, 8 to 128 characters. What else is refused, PasswordPolicy knows. */
export function IsNewPassword() {
  return applyDecorators(
    IsString(),
    Length(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH),
    IsStorableText(),
  );
}

/** A password to compare: only bounded, so that the rules of its time do not matter. */
export function IsPresentedPassword() {
  return applyDecorators(IsString(), Length(1, MAX_PASSWORD_LENGTH), IsStorableText());
}
