import { writeSync } from 'node:fs';
import { logFormatOf, SettingsError } from '#libs/config';
import { createLogger } from './logger';

const STANDARD_ERROR = 2;

/** User and password in the URL of a store. */
const CREDENTIALS = /(\w:\/\/)[^\s/@]*@/g;

/**
 * Ends a process that cannot start, with one sentence: a line of the log where that is JSON, else plain text on
 * standard error. No request has been served yet, so the reason can hold settings but no data.
 */
export function endFailedStart(error: unknown): never {
  const reason = (error instanceof Error ? error.message : 'an unknown error').replace(
    CREDENTIALS,
    '$1',
  );
  const sentence = error instanceof SettingsError ? reason : `Latchkey could not start: ${reason}`;
  if (logFormatOf() === 'json') {
    createLogger('fatal').fatal({ context: 'Start' }, sentence);
  } else {
    writeSync(STANDARD_ERROR, `${sentence}\n`);
  }
  process.exit(1);
}
