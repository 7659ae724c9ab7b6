import { HttpException } from '@nestjs/common';
import { DomainError, ValidationFailedError, type ErrorCode } from '#libs/common';

/** The status and the title of an error code. */
interface ProblemKind {
  status: number;
  title: string;
}

/** The only mapping from error codes to HTTP. */
export const PROBLEMS: Record<ErrorCode, ProblemKind> = {
  validation_failed: { status: 400, title: 'Validation failed' },
  malformed_json: { status: 400, title: 'Malformed JSON' },
  malformed_request: { status: 400, title: 'Malformed request' },
  invalid_credentials: { status: 401, title: 'Invalid credentials' },
  token_missing: { status: 401, title: 'Access token missing' },
  token_invalid: { status: 401, title: 'Token invalid' },
  token_expired: { status: 401, title: 'Token expired' },
  token_revoked: { status: 401, title: 'Session revoked' },
  reauthentication_required: { status: 401, title: 'Recent proof of identity required' },
  forbidden: { status: 403, title: 'Forbidden' },
  cross_site_request: { status: 403, title: 'Cross-site request' },
  registration_closed: { status: 403, title: 'Registration closed' },
  invitation_required: { status: 403, title: 'Invitation required' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  email_taken: { status: 409, title: 'E-mail address taken' },
  last_administrator: { status: 409, title: 'Last administrator' },
  precondition_failed: { status: 412, title: 'Precondition failed' },
  payload_too_large: { status: 413, title: 'Payload too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Internal error' },
  overloaded: { status: 503, title: 'Overloaded' },
  dependency_unavailable: { status: 503, title: 'Dependency unavailable' },
};

/** An RFC 9457 body, with the members that Latchkey adds: `code`, `requestId`, `errors`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  requestId?: string;
  errors?: { field: string; messages: string[] }[];
}

/** RFC 6750 section 3: the challenge of a 401. Without a token it names no error. */
export function bearerChallenge(code: ErrorCode, detail: string): string {
  const realm = 'Bearer realm="latchkey"';
  return code === 'token_missing' || code === 'invalid_credentials'
    ? realm
    : `${realm}, error="invalid_token", error_description="${detail}"`;
}

/** The answer for an error of any class. */
export function describe(error: unknown, requestId: string | undefined): Problem {
  const { code, detail } = classify(error);
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:latchkey:problem:${code}`,
    title,
    status,
    detail,
    code,
    ...(requestId !== undefined && { requestId }),
    ...(error instanceof ValidationFailedError && { errors: error.errors }),
  };
}

/** Details of the framework's errors are replaced: they may quote the input. */
function classify(error: unknown): { code: ErrorCode; detail: string } {
  if (error instanceof DomainError) {
    return { code: error.code, detail: error.message };
  }
  const status = statusOf(error) ?? 500;
  switch (status) {
    case 403:
      return { code: 'forbidden', detail: 'The request is not allowed.' };
    case 404:
    case 414:
      return { code: 'not_found', detail: 'No route matches this method and path.' };
    case 405:
      return { code: 'method_not_allowed', detail: 'This path does not support the method.' };
    case 413:
      return { code: 'payload_too_large', detail: 'The request body is too large.' };
    case 415:
      return { code: 'unsupported_media_type', detail: 'Send the body as application/json.' };
    default:
      return status >= 400 && status < 500
        ? { code: 'malformed_request', detail: 'The request could not be read.' }
        : { code: 'internal_error', detail: 'The server failed to process the request.' };
  }
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) {
    return error.getStatus();
  }
  return (error as { statusCode?: number } | undefined)?.statusCode;
}
