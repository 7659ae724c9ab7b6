import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Authenticated } from '#libs/auth';
import { InternalError } from '#libs/common';
import type { AuthenticatedRequest } from './authenticated-request';

export const PUBLIC_ROUTE = 'latchkey:public';
export const REQUIRED_ROLE = 'latchkey:required-role';
export const REQUIRES_RECENT_AUTH = 'latchkey:requires-recent-auth';
export const READS_PROFILE = 'latchkey:reads-profile';
export const REPEATS_REVOCATION = 'latchkey:repeats-revocation';

/** Opens a route to all clients. Without it a route requires a session. */
export const Public = () => SetMetadata(PUBLIC_ROUTE, true);

/** The guard reads the cached profile in the same round trip as it verifies the session. */
export const ReadsProfile = () => SetMetadata(READS_PROFILE, true);

/**
 * Admits a session whose revocation was answered 503, so that the client can repeat it: Redis already refuses the
 * session, but Postgres has not recorded it. For routes that revoke.
 */
export const RepeatsRevocation = () => SetMetadata(REPEATS_REVOCATION, true);

/** Admits only sessions of this role. The role stored with the session decides, not the token. */
export const RequiresRole = (role: string) => SetMetadata(REQUIRED_ROLE, role);

/** The proof may be so old; absent: as the setting `RECENT_AUTH_TTL` says. */
export interface RecentAuthRequirement {
  maxAgeSeconds?: number;
}

/**
 * Admits only sessions whose user has proved their identity recently, by a sign-in or by `POST /api/auth/reauthenticate`;
 * others get 401 `reauthentication_required` with the challenge of RFC 9470.
 */
export const RequiresRecentAuth = (requirement: RecentAuthRequirement = {}) =>
  SetMetadata(REQUIRES_RECENT_AUTH, requirement);

/**
 * The verified session of a request. For handlers that are called very often: Nest passes the value of a parameter
 * decorator through its pipes.
 */
export function sessionOf({ user }: AuthenticatedRequest): Authenticated {
  if (!user) {
    throw new InternalError(
      'the session is used on a route that the session guard does not protect',
    );
  }
  return user;
}

/** The verified session of the request (`Authenticated`). Only on protected routes. */
export const CurrentSession = createParamDecorator((_: unknown, context: ExecutionContext) =>
  sessionOf(context.switchToHttp().getRequest<AuthenticatedRequest>()),
);
