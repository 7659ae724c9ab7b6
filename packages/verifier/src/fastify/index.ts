import type { IncomingHttpHeaders } from 'node:http';
import { bearerTokenOf } from '../bearer-token.js';
import { refusalOf } from '../problem.js';
import { attachSession } from '../request-session.js';
import type { Verifier } from '../verifier.js';

export { sessionOf } from '../request-session.js';

/** What the hook uses of a `FastifyReply`. */
export interface SessionReply {
  code(status: number): this;
  headers(values: Record<string, string>): this;
  send(payload: string): this;
}

/** A hook of Fastify for `onRequest`, of a route or of a scope. */
export type SessionHook = (
  request: { headers: IncomingHttpHeaders },
  reply: SessionReply,
) => Promise<unknown>;

/** Lets a request with a live session pass; `sessionOf(request)` has it. Answers every other with problem+json. */
export function requireSession(verifier: Pick<Verifier, 'verify'>): SessionHook {
  return async (request, reply) => {
    try {
      const session = await verifier.verify(bearerTokenOf(request.headers.authorization));
      attachSession(request, session);
      return undefined;
    } catch (error) {
      const { status, headers, body } = refusalOf(error);
      return reply.code(status).headers(headers).send(body);
    }
  };
}
