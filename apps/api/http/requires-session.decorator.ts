import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { ErrorCode } from '#libs/common';
import { RequiresRole } from '#libs/http';
import type { Role } from '#libs/user';
import { ApiProblems } from './api-problems.decorator';

export interface SessionRequirement {
  /** A session of another role is refused with `forbidden`. Absent: all roles are admitted. */
  role?: Role;
  /** Errors of the route, in addition to those of authentication. */
  problems?: readonly ErrorCode[];
}

const OF_TOKENS = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_revoked',
  'dependency_unavailable',
] as const satisfies ErrorCode[];

/**
 * Requires a live session, of this role, and documents its scheme and its errors. On a controller it sets the role of
 * all routes; each route then repeats it with its own `problems`. Without it `SessionGuard` still requires a session.
 */
export function RequiresSession({ role, problems = [] }: SessionRequirement = {}) {
  // A route that reads a body may change something.
  const ofCookies = problems.includes('payload_too_large') ? (['cross_site_request'] as const) : [];
  const ofRole = role === undefined ? [] : (['forbidden'] as const);
  return applyDecorators(
    ...(role === undefined ? [] : [RequiresRole(role)]),
    ApiBearerAuth(),
    ApiProblems(...problems, ...OF_TOKENS, ...ofCookies, ...ofRole),
  );
}
