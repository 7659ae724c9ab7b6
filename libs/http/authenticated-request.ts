import type { IncomingHttpHeaders } from 'node:http';
import type { Authenticated } from '#libs/auth';

/** The part of a request that the guard reads and fills; Fastify's and Express's both fit. */
export interface AuthenticatedRequest {
  headers: IncomingHttpHeaders;
  /** Set by the guard: the handler wants the cached profile read along. */
  readsProfile?: boolean;
  /** Set by the guard on success. */
  user?: Authenticated;
}
