import type { IncomingMessage, ServerResponse } from 'node:http';
import { bearerTokenOf } from '../bearer-token.js';
import { refusalOf } from '../problem.js';
import { attachSession } from '../request-session.js';
import type { Verifier } from '../verifier.js';

export { sessionOf } from '../request-session.js';

/** A middleware of Express or Connect. */
export type SessionMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Lets a request with a live session pass; `sessionOf(request)` has it. Answers every other with problem+json. */
export function requireSession(verifier: Pick<Verifier, 'verify'>): SessionMiddleware {
  return (request, response, next) => {
    verifier.verify(bearerTokenOf(request.headers.authorization)).then(
      (session) => {
        attachSession(request, session);
        next();
      },
      (error: unknown) => refuse(response, error, next),
    );
  };
}

function refuse(response: ServerResponse, error: unknown, next: (error: unknown) => void): void {
  try {
    const { status, headers, body } = refusalOf(error);
    response.writeHead(status, headers).end(body);
  } catch (unexpected) {
    next(unexpected);
  }
}
