import { VerifierError, type VerifierErrorCode } from './errors.js';

/** An RFC 9457 body, in the form of Latchkey. Content type: `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: VerifierErrorCode;
}

/** A response that refuses a request. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function problemOf({ code, title, status, message }: VerifierError): Problem {
  return { type: `urn:latchkey:problem:${code}`, title, status, detail: message, code };
}

/** @throws the error itself when it is no `VerifierError` */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof VerifierError)) {
    throw error;
  }
  return {
    status: error.status,
    headers: { ...error.headers, 'Content-Type': 'application/problem+json' },
    body: JSON.stringify(problemOf(error)),
  };
}
