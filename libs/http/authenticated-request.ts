import type { Attempt, Authenticated } from '#libs/auth';
import type { ErrorCode } from '#libs/common';
import type { CookieRequest } from './cookies/request-source';

/** The part of a request that the guard reads and fills, compatible with Fastify and Express. */
export interface AuthenticatedRequest extends CookieRequest {
  /** Set by the guard: the handler uses the cached profile. */
  readsProfile?: boolean;
  /** Set by the guard: the request may repeat a revocation that was not recorded. */
  repeatsRevocation?: boolean;
  /** Set by the strategy: a cookie has brought the token. */
  byCookie?: boolean;
  /** Set by the guard on success. */
  user?: Authenticated;
  /** Set by the strategy: the claims of the token, for the log. */
  attempt?: Attempt;
  /** Set by the filter: the code of the error. */
  problemCode?: ErrorCode;
}
