import { InternalError } from '#libs/common';

/** A variable is missing or invalid. The message is one sentence that names the variable, never its value. */
export class SettingsError extends InternalError {
  constructor(
    readonly variable: string,
    readonly problem: string,
  ) {
    super(`${variable} ${problem}.`);
  }
}
