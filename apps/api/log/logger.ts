import pino, { type DestinationStream, type Logger } from 'pino';
import { currentRequest, sessionFields } from '#libs/common';
import type { Settings } from '#libs/config';
import { processTracer } from '#libs/tracing';

const SECRET_HEADERS = ['authorization', 'cookie', '["set-cookie"]'];
const HOLDERS = ['headers', 'req.headers', 'request.headers', 'res.headers', 'response.headers'];

/** A second wall: nobody is to log headers, but who does must not log these. */
const REDACTED = HOLDERS.flatMap((holder) =>
  SECRET_HEADERS.map((header) => `${holder}${header.startsWith('[') ? '' : '.'}${header}`),
);

/** What a line says beside what it is given: whose it is. */
type Fields = object;

const NO_FIELDS: Fields = {};

/**
 * The log of a process: lines of JSON that name the request, the user and the session for whom they
 * were written, wherever that was, and the trace.
 */
export function createLogger(
  level: Settings['logLevel'],
  destination: DestinationStream = pino.destination({ dest: 1, sync: true }),
): Logger {
  return pino(
    {
      level,
      mixin: contextFields,
      // pino's own way would copy them, also where there is nothing to add.
      mixinMergeStrategy: (given: Fields, context: Fields) =>
        context === NO_FIELDS ? given : { ...context, ...given },
      redact: REDACTED,
    },
    destination,
  );
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
