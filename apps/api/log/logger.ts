import pino, { type DestinationStream, type Logger } from 'pino';
import { currentRequest } from '#libs/common';
import type { Settings } from '#libs/config';
import { processTracer } from '#libs/tracing';

const SECRET_HEADERS = ['authorization', 'cookie', '["set-cookie"]'];
const HOLDERS = ['headers', 'req.headers', 'request.headers', 'res.headers', 'response.headers'];

/** A second wall: nobody is to log headers, but who does must not log these. */
const REDACTED = HOLDERS.flatMap((holder) =>
  SECRET_HEADERS.map((header) => `${holder}${header.startsWith('[') ? '' : '.'}${header}`),
);

/**
 * The log of a process: lines of JSON that name the request, the user and the session for whom they
 * were written, wherever that was, and the trace.
 */
export function createLogger(
  level: Settings['logLevel'],
  destination: DestinationStream = pino.destination(1),
): Logger {
  return pino({ level, mixin: contextFields, redact: REDACTED }, destination);
}

function contextFields(): Record<string, string> {
  const traceId = processTracer().traceId();
  return { ...requestFields(), ...(traceId !== undefined && { traceId }) };
}

function requestFields(): Record<string, string> {
  const request = currentRequest();
  if (!request) {
    return {};
  }
  const { requestId, session } = request;
  return session ? { requestId, userId: session.userId, sessionId: session.id } : { requestId };
}
