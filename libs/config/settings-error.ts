import { InternalError } from '#libs/common';

/** A variable is missing or wrong. One sentence that names it; never its value. */
export class SettingsError extends InternalError {
  constructor(
    readonly variable: string,
    problem: string,
  ) {
    super(`${variable} ${problem}.`);
  }
}
