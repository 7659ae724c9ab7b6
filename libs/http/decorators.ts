import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Authenticated } from '#libs/auth';
import { InternalError } from '#libs/common';
import type { AuthenticatedRequest } from './authenticated-request';

export const PUBLIC_ROUTE = 'latchkey:public';
export const REQUIRED_ROLE = 'latchkey:required-role';
export const READS_PROFILE = 'latchkey:reads-profile';
export const REPEATS_REVOCATION = 'latchkey:repeats-revocation';

/** Opens a route to everyone. Without it a route is protected: forgetting it denies. */
export const Public = () => SetMetadata(PUBLIC_ROUTE, true);

/** The guard reads the cached profile in the same round trip as it verifies the session. */
export const ReadsProfile = () => SetMetadata(READS_PROFILE, true);

/**
 * Admits a session whose revocation was answered 503, so that the client can repeat it: Redis refuses it already,
 * Postgres has not recorded it. For routes that revoke.
 */
export const RepeatsRevocation = () => SetMetadata(REPEATS_REVOCATION, true);

/** Only sessions of this role get in; the session's stored role decides, not the token. */
export const RequiresRole = (role: string) => SetMetadata(REQUIRED_ROLE, role);

/**
 * The confirmed session of a request. For a handler that is called all the time: Nest would hand the
 * value of a decorator through its pipes.
 */
export function sessionOf({ user }: AuthenticatedRequest): Authenticated {
  if (!user) {
    throw new InternalError(
      'the session is asked for on a route that the session guard does not protect',
    );
  }
  return user;
}

/** The confirmed session of the request (`Authenticated`). Only on protected routes. */
export const CurrentSession = createParamDecorator((_: unknown, context: ExecutionContext) =>
  sessionOf(context.switchToHttp().getRequest<AuthenticatedRequest>()),
);
