import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsString, Matches, ValidateBy } from 'class-validator';
import { IsStorableText } from './text.validators';

/** The rules for a text that people read. */
export interface HumanText {
  /** Grapheme clusters (UAX #29), as people count characters. */
  maxCharacters: number;
  /** Whether line breaks and tabs are allowed. */
  multiline: boolean;
}

export const DISPLAY_NAME: HumanText = { maxCharacters: 80, multiline: false };
/** Why an administrator has disabled an account. */
export const ACCOUNT_REASON: HumanText = { maxCharacters: 200, multiline: false };
export const BIO: HumanText = { maxCharacters: 2000, multiline: true };

/**
 * A text that people read. It is normalised to NFC and trimmed, after a check that it is short enough. It has a visible
 * character, a bounded number of graphemes and code units, and no control characters and no marks that change the
 * direction of the text.
 */
export function IsHumanText(rules: HumanText) {
  const { maxCharacters, multiline } = rules;
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && isCheap(value, maxCharacters)
        ? value.normalize('NFC').trim()
        : value,
    ),
    IsString(),
    IsStorableText(),
    ValidateBy({
      name: 'isHumanText',
      validator: {
        validate: (value) => typeof value === 'string' && hasCharacters(value, maxCharacters),
        defaultMessage: () => `$property must have 1 to ${maxCharacters} characters`,
      },
    }),
    ValidateBy({
      name: 'hasShortMarkRuns',
      validator: {
        validate: (value) => typeof value !== 'string' || hasShortMarkRuns(value),
        defaultMessage: () =>
          `$property must not have more than ${MAX_MARKS_IN_A_ROW} combining marks in a row`,
      },
    }),
    Matches(multiline ? NO_CONTROLS : NO_CONTROLS_NOR_BREAKS, {
      message: '$property must not contain control characters',
    }),
  );
}

/** C0 and C1 controls, and marks that override the direction of text; except line breaks and tabs. */
const NO_CONTROLS = /^(?:[^\p{Cc}\u202a-\u202e\u2066-\u2069]|[\t\n\r])*$/u;
const NO_CONTROLS_NOR_BREAKS = /^[^\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]*$/u;
const SOMETHING_TO_SEE = /[^\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** A family of four is seven code points; no real text consists of these alone. */
const CODE_UNITS_PER_CHARACTER = 16;

/** UAX #15, Stream-Safe Text Format: no language needs more. */
const MAX_MARKS_IN_A_ROW = 30;

/**
 * Whether normalising the text is cheap. It sorts the marks of a character, in a time that is quadratic in their
 * number.
 */
function isCheap(text: string, maxCharacters: number): boolean {
  return text.length <= maxCharacters * CODE_UNITS_PER_CHARACTER && hasShortMarkRuns(text);
}

function hasShortMarkRuns(text: string): boolean {
  for (const [run] of text.matchAll(/\p{M}+/gu)) {
    if (Array.from(run).length > MAX_MARKS_IN_A_ROW) {
      return false;
    }
  }
  return true;
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

function hasCharacters(text: string, max: number): boolean {
  if (text.length > max * CODE_UNITS_PER_CHARACTER || !SOMETHING_TO_SEE.test(text)) {
    return false;
  }
  if (text.length <= max) {
    return true;
  }
  const segments = characters.segment(text)[Symbol.iterator]();
  let count = 0;
  while (count <= max && !segments.next().done) {
    count += 1;
  }
  return count <= max;
}

/** Maximum number of UTF-16 code units, for the documentation. */
export function maxCodeUnits({ maxCharacters }: HumanText): number {
  return maxCharacters * CODE_UNITS_PER_CHARACTER;
}
