import {
  DependencyUnavailableError,
  DomainError,
  InternalError,
  ValidationFailedError,
  type Dependency,
} from '#libs/common';
import { errorText } from '#libs/log';
import type { RedisAwayError } from '#libs/redis';
import { nameOfStore } from './endpoints';
import { EXIT_CODE, type ExitCode } from './exit-code';

/** No account has this e-mail address. */
export class UnknownEmailError extends DomainError {
  readonly code = 'not_found';

  constructor(email: string) {
    super(`No account has the e-mail address ${email}.`);
  }
}

/** The text is no valid e-mail address. */
export class InvalidEmailError extends DomainError {
  readonly code = 'validation_failed';

  /** @param problem as of `emailProblem`. */
  constructor(problem: string) {
    super(`The e-mail address ${problem}.`);
  }
}

/** The value of an option breaks a rule. */
export class InvalidOptionError extends DomainError {
  readonly code = 'validation_failed';

  /** @param problem follows the name of the option: "must be in the future". */
  constructor(option: string, problem: string) {
    super(`${option} ${problem}.`);
  }
}

/** No account and no audit event has this id. */
export class UnknownUserError extends DomainError {
  readonly code = 'not_found';

  constructor(id: string) {
    super(`No account and no audit event has the id ${id}.`);
  }
}

/** The outcome of a command that failed. */
export interface Failure {
  exitCode: ExitCode;
  /** One sentence for standard error. */
  sentence: string;
}

/** Advice for a store that cannot be used. */
const CHECKS: Record<Dependency, string> = {
  postgres: 'check DATABASE_URL and that Postgres runs',
  redis: 'check REDIS_URL and that Redis runs',
  'avatar storage': 'check AVATAR_DIR, or the AVATAR_S3_ settings',
  'breach service': 'check BREACHED_PASSWORD_URL',
};

/** Meanings of system error codes for a connection. */
const CONNECTION_FAILURES: Record<string, string> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  ENOTFOUND: 'has a host name that does not resolve',
  EAI_AGAIN: 'has a host name that does not resolve',
  ETIMEDOUT: 'did not answer in time',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
};

/** The exit code and the message for any error. */
export async function describeFailure(error: unknown): Promise<Failure> {
  if (error instanceof DependencyUnavailableError) {
    return failed(
      isOfRedisServer(error.cause)
        ? `${nameOfStore('redis')} cannot be used: ${error.cause.reason.message}`
        : unusable(error.dependency, error.cause),
    );
  }
  if (error instanceof DomainError && error.code === 'not_found') {
    return { exitCode: EXIT_CODE.notFound, sentence: error.message };
  }
  if (error instanceof ValidationFailedError) {
    const messages = error.errors.flatMap(({ messages }) => messages);
    return { exitCode: EXIT_CODE.usage, sentence: `${messages.join('; ')}.` };
  }
  if (error instanceof InvalidEmailError || error instanceof InvalidOptionError) {
    return { exitCode: EXIT_CODE.usage, sentence: error.message };
  }
  if (error instanceof DomainError || (error instanceof InternalError && codeOf(error) === '')) {
    return failed(errorText(error));
  }
  // An error of the driver means that its library is loaded. Help and usage errors load none.
  const { isOutdatedSchema, isUnavailable } = await import('#libs/database');
  if (isOutdatedSchema(error)) {
    return failed('The tables are outdated: run latchkey migrate.');
  }
  return failed(isUnavailable(error) ? unusable('postgres', error) : errorText(error));
}

/** Checked by name: importing the class would load the driver for every command, and for help. */
function isOfRedisServer(cause: unknown): cause is RedisAwayError {
  return cause instanceof Error && cause.name === 'RedisAwayError';
}

function failed(sentence: string): Failure {
  return { exitCode: EXIT_CODE.failed, sentence };
}

function unusable(store: Dependency, cause: unknown): string {
  const code = codeOf(cause);
  const failure = CONNECTION_FAILURES[code];
  if (failure !== undefined) {
    return `${nameOfStore(store)} ${failure} (${code}): ${CHECKS[store]}.`;
  }
  const reason = cause === undefined ? '' : ` (${errorText(cause)})`;
  return `${nameOfStore(store)} cannot be used${reason}: ${CHECKS[store]}.`;
}

/** A connection that tried several addresses fails with an AggregateError. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return codeOf(error.errors[0]);
  }
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
