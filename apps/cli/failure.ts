import { DependencyUnavailableError, DomainError } from '#libs/common';
import { EXIT_CODE, type ExitCode } from './exit-code';

/** No account has this e-mail address. */
export class UnknownEmailError extends DomainError {
  readonly code = 'not_found';

  constructor(email: string) {
    super(`There is no account with the e-mail address ${email}.`);
  }
}

/** The text is no e-mail address that an account could have. */
export class InvalidEmailError extends DomainError {
  readonly code = 'validation_failed';

  /** @param problem as of `emailProblem`. */
  constructor(problem: string) {
    super(`The e-mail address ${problem}.`);
  }
}

/** How a command that did not succeed ends. */
export interface Failure {
  exitCode: ExitCode;
  /** One sentence for standard error. */
  sentence: string;
}

const STORES = {
  postgres: 'Postgres cannot be reached: check DATABASE_URL, and that it runs',
  redis: 'Redis cannot be reached: check REDIS_URL, and that it runs',
  'avatar storage': 'The avatars cannot be reached: check AVATAR_DIR, or the AVATAR_S3_ settings',
  'breach service': 'The breach service cannot be reached: check BREACHED_PASSWORD_URL',
};

/** undefined_table and undefined_column: older tables than this program's. */
const OUTDATED_SCHEMA_SQLSTATES = ['42P01', '42703'];

/** Errors of the connection, of signing in to it, and of the database's absence. */
const CONNECTION_CODE = /^(E[A-Z_]+|08...|28...|3D000|53...|57...)$/;
const CONNECTION_TEXT = /timeout|terminated/i;

/** What to tell a person, and a shell, about anything that was thrown. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof DependencyUnavailableError) {
    return failed(withReason(STORES[error.dependency], error.cause));
  }
  if (error instanceof DomainError && error.code === 'not_found') {
    return { exitCode: EXIT_CODE.notFound, sentence: error.message };
  }
  if (error instanceof InvalidEmailError) {
    return { exitCode: EXIT_CODE.usage, sentence: error.message };
  }
  const code = codeOf(error);
  if (OUTDATED_SCHEMA_SQLSTATES.includes(code)) {
    return failed('The tables are not up to date: run latchkey migrate.');
  }
  if (!(error instanceof DomainError) && isOfConnection(code, error)) {
    return failed(withReason(STORES.postgres, error));
  }
  return failed(reasonOf(error));
}

function failed(sentence: string): Failure {
  return { exitCode: EXIT_CODE.failed, sentence };
}

function isOfConnection(code: string, error: unknown): boolean {
  return CONNECTION_CODE.test(code) || (code === '' && CONNECTION_TEXT.test(reasonOf(error)));
}

function withReason(text: string, cause: unknown): string {
  const reason = cause === undefined ? '' : reasonOf(cause);
  return reason === '' ? `${text}.` : `${text} (${reason}).`;
}

/** The first line of what an error says; several addresses tried in vain make an error of errors. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return reasonOf(error.errors[0]);
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? '';
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
