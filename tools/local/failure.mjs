// @ts-check

/** An error that the reader can act on: one sentence, and the output that explains it, if any. */
export class Failure extends Error {
  /**
   * @param {string} sentence
   * @param {string} [details] shown below the sentence as it is
   */
  constructor(sentence, details = '') {
    super(sentence);
    this.name = 'Failure';
    this.details = details;
  }
}

/**
 * @param {unknown} error
 * @returns {string} the text to show for it
 */
export function describe(error) {
  if (error instanceof Failure) {
    return [error.message, error.details.trimEnd()].filter(Boolean).join('\n');
  }
  if (error instanceof Error && 'syscall' in error) {
    return `The system refused: ${error.message}.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * @param {unknown} error
 * @param {string} code of a system call, such as ENOENT
 */
export function hasCode(error, code) {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
