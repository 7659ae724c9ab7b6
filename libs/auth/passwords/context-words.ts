import { fold, readingsOf } from './fold';

/** The user of the password. */
export interface PasswordOwner {
  email: string;
  displayName: string | null;
}

/** Shorter words occur by chance in many good passwords. */
const MIN_WORD_LETTERS = 3;
const MIN_WORD_DIGITS = 6;

const SEPARATORS = /[^\p{L}\p{M}\p{N}]+/u;
const ALL_SEPARATORS = /[^\p{L}\p{M}\p{N}]+/gu;
const DIGITS_AROUND = /^\p{N}+|\p{N}+$/gu;

/** The rest of a password without the words of its context. */
export interface Remainder {
  /** Letters and digits. */
  text: string;
  hasLetters: boolean;
  /** Characters, signs included; repetitions of a character in a row count once. */
  length: number;
}

/**
 * Words that make a password easy to guess for an attacker who knows the service and the user: the names of the
 * service, the e-mail address, the part before its @, the display name, and each part of the latter two.
 */
export function contextWords(names: readonly string[], owner: PasswordOwner): string[] {
  const { email, displayName } = owner;
  const localPart = email.slice(0, email.lastIndexOf('@'));
  const parts = [...names, localPart, displayName ?? ''].flatMap((text) => [
    text,
    ...fold(text).split(SEPARATORS),
  ]);
  const words = [email, ...parts]
    .map(squash)
    .flatMap((word) => [word, word.replace(DIGITS_AROUND, '')]);
  return [...new Set(words)]
    .filter((word) => word.length >= (/\p{L}/u.test(word) ? MIN_WORD_LETTERS : MIN_WORD_DIGITS))
    .sort((one, other) => other.length - one.length);
}

/**
 * Removes the words from a password, in any spelling and with any separators.
 * @param words the longest first.
 * @returns one rest for each reading that contains a word.
 */
export function remaindersWithout(words: readonly string[], folded: string): Remainder[] {
  return readingsOf(folded).flatMap((reading) => {
    const squashed = squash(reading);
    const pieces = words.reduce((rest, word) => rest.replaceAll(word, ' '), squashed);
    if (pieces === squashed) {
      return [];
    }
    const text = pieces.replaceAll(' ', '');
    const signs = reading.replace(/(.)\1+/gsu, '$1').replace(/[\p{L}\p{M}\p{N}]/gu, '');
    const length = Array.from(text + signs).length;
    return [{ text, hasLetters: /\p{L}/u.test(text), length }];
  });
}

function squash(text: string): string {
  return fold(text).replace(ALL_SEPARATORS, '');
}
