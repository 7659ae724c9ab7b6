import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ValidationFailedError } from '#libs/common';
import { AuthOptions } from '../auth.options';
import { BreachedPasswords } from './breached-passwords';
import { CommonPasswords } from './common-passwords';
import { contextWords, remaindersWithout, type PasswordOwner } from './context-words';
import { fold } from './fold';
import { MIN_PASSWORD_LENGTH } from './password-length';
import { isSequence, repeatedUnit } from './patterns';

const REFUSALS = {
  common: 'is one of the most common passwords, choose another one',
  pattern: 'must not be a repetition or a sequence of characters',
  context:
    'must not be your name, your e-mail address or the name of this service with little added to it',
  breached: 'was found in a data breach, choose another one',
};

/**
 * Refuses passwords that are easy to guess. No rule requires certain kinds of characters. docs/passwords.md explains it
 * to users.
 */
@Injectable()
export class PasswordPolicy implements OnModuleInit {
  private common!: CommonPasswords;
  private readonly names: readonly string[];

  constructor(
    { issuer, passwords }: AuthOptions,
    private readonly breached: BreachedPasswords,
  ) {
    this.names = [issuer, ...(passwords?.contextWords ?? [])];
  }

  async onModuleInit(): Promise<void> {
    this.common = await CommonPasswords.load();
  }

  /**
   * Checks a new password, except for its length. Asks the breach service, if one is set, only after all other rules.
   * @param field of the request, for the error.
   * @throws ValidationFailedError, which never holds the password.
   */
  async check(password: string, field: string, owner: PasswordOwner): Promise<void> {
    const refusal =
      this.refusalOf(fold(password), owner) ??
      ((await this.breached.has(password)) ? 'breached' : null);
    if (refusal !== null) {
      throw new ValidationFailedError([{ field, messages: [`${field} ${REFUSALS[refusal]}`] }]);
    }
  }

  private refusalOf(folded: string, owner: PasswordOwner): keyof typeof REFUSALS | null {
    // A repetition makes a password longer, but no harder to guess.
    const unit = repeatedUnit(folded);
    if (this.common.has(folded) || this.common.has(unit)) {
      return 'common';
    }
    if ((unit !== folded && isShort(unit)) || isSequence(unit)) {
      return 'pattern';
    }
    return this.isOfContext(folded, owner) ? 'context' : null;
  }

  /** A word of the context is allowed if the rest of the password is a good password by itself. */
  private isOfContext(folded: string, owner: PasswordOwner): boolean {
    return remaindersWithout(contextWords(this.names, owner), folded).some(
      ({ text, hasLetters, length }) =>
        (!hasLetters && length < MIN_PASSWORD_LENGTH) || this.common.has(text) || isSequence(text),
    );
  }
}

function isShort(text: string): boolean {
  return Array.from(text).length < MIN_PASSWORD_LENGTH;
}
