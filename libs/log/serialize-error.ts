import { types } from 'node:util';
import { DependencyUnavailableError, DomainError, InternalError } from '#libs/common';
import { isPostgresError, postgresFields, postgresMessage } from './postgres-error';
import { isRedisReply, redisCode, redisMessage } from './redis-reply';
import { knownText } from './known-texts';
import { stackFrames } from './stack-frames';
import { isSystemError, systemErrorMessage } from './system-error';

/** The fields of an error in the log. */
export interface SerializedError {
  /** Its class. */
  type: string;
  /** Its text if that holds no data; else the kind of error. */
  message: string;
  /** SQLSTATE, code of the system or of a library, or code of the product. */
  code?: string;
  /** The store or service that was unavailable. */
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
  /** The frames, without the message. */
  stack?: string;
  cause?: SerializedError;
  /** The first of several errors that occurred together. */
  errors?: SerializedError[];
}

const WITHHELD = 'message withheld: it may quote data';

/** Nested errors and simultaneous errors that are followed. */
const MAX_DEPTH = 5;
const MAX_ERRORS = 5;

const CLASS_NAME = /^[A-Za-z_$][\w$]{0,63}$/;
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

type Fields = Record<string, unknown>;

/**
 * An error for the log, by an allow-list: class, code, names of tables and constraints, the frames of its stack, its
 * causes by the same rule, and its message if that is known to hold no data. Other properties of an error, such as
 * parameters of a query or arguments of a command, are omitted. Never throws.
 */
export function serializeError(error: unknown): SerializedError {
  return serialize(error, 0);
}

/**
 * An error in a few words, for a sentence or a row: its message if that holds no data, else class and code. Never
 * throws.
 */
export function errorText(error: unknown): string {
  if (error instanceof DependencyUnavailableError && error.cause !== undefined) {
    return `${error.dependency} is unavailable: ${errorText(error.cause)}`;
  }
  const { type, code, message } = serializeError(error);
  return message === WITHHELD ? [type, code].filter(Boolean).join(' ') : message;
}

/** Depth to which fields of a line are searched. */
const FIELDS_DEPTH = 3;

/** The fields of a line with all errors serialized. The same object if there is none. */
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
    // A getter that throws.
    return { type: 'Error', message: WITHHELD };
  }
}

/** Includes errors of another realm. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** Some libraries set a name that is no class, and some classes have minified names. */
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

/** The names of the status in Nest and Fastify, the SDK of S3, and SMTP clients. */
function statusOf({ status, statusCode, responseCode, $metadata }: Fields): number | undefined {
  const ofService = ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode;
  const found = [status, statusCode, responseCode, ofService].find(
    (one) => typeof one === 'number' && one >= 100 && one <= 599,
  );
  return found as number | undefined;
}
