import type { IncomingHttpHeaders } from 'node:http';
import type { Attempt, Authenticated } from '#libs/auth';
import type { ErrorCode } from '#libs/common';

/** The part of a request that the guard reads and fills; Fastify's and Express's both fit. */
export interface AuthenticatedRequest {
  headers: IncomingHttpHeaders;
  /** Set by the guard: the handler wants the cached profile read along. */
  readsProfile?: boolean;
  /** Set by the guard: the request may repeat a revocation that was not recorded. */
  repeatsRevocation?: boolean;
  /** Set by the guard on success. */
  user?: Authenticated;
  /** Set by the strategy: what its token claims, for the log. */
  attempt?: Attempt;
  /** Set by the filter: why the request was refused. */
  problemCode?: ErrorCode;
}
