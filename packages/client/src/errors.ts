import type { components } from './api-types.js';

export type ErrorCode = components['schemas']['ErrorCode'];
export type FieldProblem = components['schemas']['FieldProblem'];

/** Every error that the client creates. Switch on `code`; an error of the caller's signal stays as it is. */
export abstract class LatchkeyError extends Error {
  abstract readonly code: ErrorCode | 'unexpected_answer' | 'network_error' | 'timeout';
}

/** The fields of an ApiError. */
export interface ApiErrorFields {
  /** Stable code of the problem; `unexpected_answer` where the answer is none of Latchkey's, such as that of a proxy. */
  code: ErrorCode | 'unexpected_answer';
  /** The HTTP status. */
  status: number;
  /** For people. */
  detail: string;
  /** The refused fields of a `validation_failed`; otherwise empty. */
  errors: FieldProblem[];
  /** Seconds to wait before the next attempt, from `Retry-After`. */
  retryAfterSeconds: number | undefined;
  /** Names the request in the log of the server. */
  requestId: string | undefined;
}

/** The server answered with an error (RFC 9457). */
export class ApiError extends LatchkeyError implements ApiErrorFields {
  override readonly name = 'ApiError';
  readonly code: ApiErrorFields['code'];
  readonly status: number;
  readonly detail: string;
  readonly errors: FieldProblem[];
  readonly retryAfterSeconds: number | undefined;
  readonly requestId: string | undefined;

  constructor(fields: ApiErrorFields) {
    super(`${fields.status} ${fields.code}: ${fields.detail}`);
    this.code = fields.code;
    this.status = fields.status;
    this.detail = fields.detail;
    this.errors = fields.errors;
    this.retryAfterSeconds = fields.retryAfterSeconds;
    this.requestId = fields.requestId;
  }
}

/** No answer arrived: the server may have handled the request or not. */
export class NetworkError extends LatchkeyError {
  override readonly name = 'NetworkError';
  readonly code = 'network_error';

  /** @param cause the error of fetch. */
  constructor(cause: unknown) {
    super('The request failed without an answer.', { cause });
  }
}

/** No answer arrived before the deadline of the call: the server may have handled the request or not. */
export class TimeoutError extends LatchkeyError {
  override readonly name = 'TimeoutError';
  readonly code = 'timeout';

  constructor(readonly timeoutMs: number) {
    super(`No answer within ${timeoutMs} ms.`);
  }
}
