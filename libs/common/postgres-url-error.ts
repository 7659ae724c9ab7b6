/**
 * A Postgres URL that cannot be used. `problem` completes a sentence and holds no part of the URL but the names of
 * parameters.
 */
export class PostgresUrlError extends Error {
  constructor(readonly problem: string) {
    super(`The Postgres URL ${problem}.`);
    this.name = 'PostgresUrlError';
  }
}
