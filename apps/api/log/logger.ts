import { types } from 'node:util';
import pino, { type DestinationStream, type LogFn, type Logger } from 'pino';
import { currentRequest, sessionFields } from '#libs/common';
import type { Settings } from '#libs/config';
import { errorText, serializeError, serializeErrors } from '#libs/log';
import { processTracer } from '#libs/tracing';

const SECRET_HEADERS = ['authorization', 'cookie', '["set-cookie"]'];
const HOLDERS = ['headers', 'req.headers', 'request.headers', 'res.headers', 'response.headers'];

/** A second safeguard: no code logs headers, but if some does, these are censored. */
const REDACTED = HOLDERS.flatMap((holder) =>
  SECRET_HEADERS.map((header) => `${holder}${header.startsWith('[') ? '' : '.'}${header}`),
);

type LogArguments = Parameters<LogFn>;

/** The fields that each line gains from its context. */
type Fields = object;

const NO_FIELDS: Fields = {};

/**
 * The log of a process: lines of JSON that name the request, the user, the session and the trace in whose context they
 * were written.
 */
export function createLogger(
  level: Settings['logLevel'],
  destination: DestinationStream = pino.destination({ dest: 1, sync: true }),
): Logger {
  return pino(
    {
      level,
      mixin: contextFields,
      // pino's own option would copy the fields, also where nothing is added.
      mixinMergeStrategy: (given: Fields, context: Fields) =>
        context === NO_FIELDS ? given : { ...context, ...given },
      redact: REDACTED,
      formatters: { log: serializeErrors },
      // pino's own would write every property of an error; formatters.log has been there before.
      // eslint-disable-next-line no-restricted-syntax
      serializers: { err: withoutChange },
      hooks: {
        logMethod(args, log) {
          log.apply(this, withoutMessagesOfErrors(args));
        },
      },
    },
    destination,
  );
}

/**
 * pino uses the message of an error as that of the line where the call has none, as Fastify's calls have, and `%s`
 * prints an error.
 */
function withoutMessagesOfErrors(args: LogArguments): LogArguments {
  const [first, message, ...values] = args as [unknown, unknown, ...unknown[]];
  const error = types.isNativeError(first) ? first : (first as { err?: unknown } | null)?.err;
  const [given, ...safe] = [message, ...values].map((value) =>
    types.isNativeError(value) ? errorText(value) : value,
  );
  if (!types.isNativeError(error)) {
    return [first, given, ...safe].slice(0, args.length) as LogArguments;
  }
  const fields = error === first ? { err: serializeError(error) } : first;
  const text = message === undefined || message === error.message ? errorText(error) : given;
  return [fields, text, ...safe] as LogArguments;
}

function withoutChange(serialized: unknown): unknown {
  return serialized;
}

function contextFields(): Fields {
  const request = currentRequest();
  const traceId = processTracer().traceId();
  if (!request && traceId === undefined) {
    return NO_FIELDS;
  }
  return {
    ...(request && { requestId: request.requestId, ...sessionFields(request.session) }),
    ...(traceId !== undefined && { traceId }),
  };
}
