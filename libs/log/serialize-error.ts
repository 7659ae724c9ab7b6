import { types } from 'node:util';
import { DependencyUnavailableError, DomainError, InternalError } from '#libs/common';
import { isPostgresError, postgresFields, postgresMessage } from './postgres-error';
import { isRedisReply, redisCode, redisMessage } from './redis-reply';
import { knownText } from './known-texts';
import { stackFrames } from './stack-frames';
import { isSystemError, systemErrorMessage } from './system-error';

/** All that a log says of an error. */
export interface SerializedError {
  /** Its class. */
  type: string;
  /** Its text, where that holds no data; else what kind of error it is. */
  message: string;
  /** SQLSTATE, code of the system or of a library, or the product's own. */
  code?: string;
  /** The store or service that was away. */
  dependency?: string;
  /** Of an answer over HTTP or SMTP. */
  status?: number;
  schema?: string;
  table?: string;
  column?: string;
  dataType?: string;
  constraint?: string;
  /** The function of Postgres that raised it. */
  routine?: string;
  /** The frames alone. */
  stack?: string;
  cause?: SerializedError;
  /** The first of several that happened together. */
  errors?: SerializedError[];
}

const WITHHELD = 'message withheld: it may quote data';

/** Errors in each other that are followed, and of several at once. */
const MAX_DEPTH = 5;
const MAX_ERRORS = 5;

const CLASS_NAME = /^[A-Za-z_$][\w$]{0,63}$/;
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

type Fields = Record<string, unknown>;

/**
 * An error for the log, by a list of what may be in it: class, code, names of tables and constraints, the
 * frames of its stack, its causes by the same rule, and its message where that is known to hold no data.
 * Other properties of an error, such as parameters of a query or arguments of a command, stays out.
 * Never throws.
 */
export function serializeError(error: unknown): SerializedError {
  return serialize(error, 0);
}

/**
 * An error in a few words, for a sentence or a row: its message where that holds no data, else class and
 * code. Never throws.
 */
export function errorText(error: unknown): string {
  if (error instanceof DependencyUnavailableError && error.cause !== undefined) {
    return `${error.dependency} is unavailable: ${errorText(error.cause)}`;
  }
  const { type, code, message } = serializeError(error);
  return message === WITHHELD ? [type, code].filter(Boolean).join(' ') : message;
}

/** How deep fields of a line are searched. */
const FIELDS_DEPTH = 3;

/** The fields of a line with every error in them serialized. The same object where there is none. */
export function serializeErrors<T extends object>(fields: T): T {
  return replaceErrors(fields, 0) as T;
}

function replaceErrors(value: unknown, depth: number): unknown {
  if (isError(value)) {
    return serializeError(value);
  }
  if (typeof value !== 'object' || value === null || depth === FIELDS_DEPTH) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.some((item) => replaceErrors(item, depth + 1) !== item)
      ? value.map((item) => replaceErrors(item, depth + 1))
      : value;
  }
  const entries = Object.entries(value);
  const replaced = entries.map(([key, item]) => [key, replaceErrors(item, depth + 1)] as const);
  return replaced.some(([, item], index) => item !== entries[index]?.[1])
    ? Object.fromEntries(replaced)
    : value;
}

function serialize(error: unknown, depth: number): SerializedError {
  if (!isError(error)) {
    return { type: error === null ? 'null' : typeof error, message: WITHHELD };
  }
  try {
    const fields = error as Error & Fields;
    const { cause, errors } = fields;
    const code = codeOf(fields);
    const status = statusOf(fields);
    const stack = stackFrames(fields.stack, fields.message);
    const deeper = depth < MAX_DEPTH;
    const type = typeOf(fields);
    const several =
      deeper && type === 'AggregateError' && Array.isArray(errors)
        ? errors.slice(0, MAX_ERRORS).map((one) => serialize(one, depth + 1))
        : undefined;
    return {
      type,
      message: several?.map(({ message }) => message).join(', ') ?? messageOf(fields),
      ...(code !== undefined && { code }),
      ...(error instanceof DependencyUnavailableError && { dependency: error.dependency }),
      ...(status !== undefined && { status }),
      ...(isPostgresError(fields) && postgresFields(fields)),
      ...(stack !== undefined && { stack }),
      ...(deeper && cause !== undefined && { cause: serialize(cause, depth + 1) }),
      ...(several && { errors: several }),
    };
  } catch {
    // A property that throws when it is read.
    return { type: 'Error', message: WITHHELD };
  }
}

/** Also one of another realm. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** Some libraries set a name that is no class, and some classes are named by a minifier. */
function typeOf({ name, constructor }: Error): string {
  const named = typeof name === 'string' && CLASS_NAME.test(name) ? name : 'Error';
  const ofClass = constructor.name;
  return (named === 'Error' || /^[a-z]/.test(named)) && CLASS_NAME.test(ofClass) ? ofClass : named;
}

function messageOf(error: Error & Fields): string {
  if (error instanceof DomainError || error instanceof InternalError) {
    return error.message;
  }
  if (isPostgresError(error)) {
    return postgresMessage(error);
  }
  if (isRedisReply(error)) {
    return redisMessage(error);
  }
  const known = knownText(error.message);
  if (known !== undefined) {
    return known;
  }
  return isSystemError(error) ? systemErrorMessage(error) : WITHHELD;
}

function codeOf(error: Error & Fields): string | undefined {
  const { code } = error;
  if (isPostgresError(error)) {
    return code as string;
  }
  if (isRedisReply(error)) {
    return redisCode(error.message);
  }
  if (error instanceof DomainError) {
    return error.code;
  }
  return typeof code === 'string' && CODE.test(code) ? code : undefined;
}

/** By the names that Nest and Fastify, the SDK of S3, and clients of SMTP give it. */
function statusOf({ status, statusCode, responseCode, $metadata }: Fields): number | undefined {
  const ofService = ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode;
  const found = [status, statusCode, responseCode, ofService].find(
    (one) => typeof one === 'number' && one >= 100 && one <= 599,
  );
  return found as number | undefined;
}
