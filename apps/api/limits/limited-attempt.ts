import type { FastifyRequest } from 'fastify';
import type { Admission } from '#libs/common';
import type { AuthenticatedRequest } from '#libs/http';
import { normaliseEmail } from '#libs/user';
import { clientAddress } from '../http/client-address';

/**
 * The kind of attempt. `password` is a proof of identity by a signed-in user, `change` a change of the user's own data.
 */
export type LimitedAttempt = 'login' | 'registration' | 'password' | 'refresh' | 'change';

export type LimitedRequest = FastifyRequest & AuthenticatedRequest & { admission?: Admission };

/** The kind of attempt, its subject and its client. */
export interface Attempt {
  kind: LimitedAttempt;
  /** An e-mail address or a user id. Null where the request names none. */
  subject: string | null;
  address: string;
}

/** Called before the body is validated. */
export function attemptOf(kind: LimitedAttempt, request: LimitedRequest): Attempt {
  return { kind, subject: subjectOf(kind, request), address: clientAddress(request) ?? '' };
}

function subjectOf(kind: LimitedAttempt, request: LimitedRequest): string | null {
  switch (kind) {
    case 'login':
    case 'registration': {
      const email = textOf(request.body, 'email');
      return email === null ? null : normaliseEmail(email);
    }
    case 'refresh':
      return null;
    default:
      return request.user?.session.userId ?? null;
  }
}

function textOf(body: unknown, field: string): string | null {
  const value = (body as Record<string, unknown> | null | undefined)?.[field];
  return typeof value === 'string' ? value : null;
}
