import type { FastifyRequest } from 'fastify';
import type { Admission } from '#libs/common';
import type { AuthenticatedRequest } from '#libs/http';
import { clientAddress } from '../http/client-address';

/**
 * What is attempted: `password` is a proof by a user who is signed in, `change` a change of what is that user's own.
 */
export type LimitedAttempt = 'login' | 'registration' | 'password' | 'refresh' | 'change';

export type LimitedRequest = FastifyRequest & AuthenticatedRequest & { admission?: Admission };

/** What is attempted, and for whom. */
export interface Attempt {
  kind: LimitedAttempt;
  /** An e-mail address, an id of a user, or a refresh token. Null where the request names none. */
  subject: string | null;
  address: string;
}

/** Made here: an id and a secret. */
const REFRESH_TOKEN = /^[\da-f-]{36}\.[\w-]{43}$/;

/** The body has not been validated yet. */
export function attemptOf(kind: LimitedAttempt, request: LimitedRequest): Attempt {
  return { kind, subject: subjectOf(kind, request), address: clientAddress(request) ?? '' };
}

function subjectOf(kind: LimitedAttempt, request: LimitedRequest): string | null {
  switch (kind) {
    case 'login':
    case 'registration':
      return textOf(request.body, 'email')?.trim().toLowerCase() ?? null;
    case 'refresh':
      // With its secret: the id alone is the `jti` of an access token, and must not suffice to use the limit up.
      return REFRESH_TOKEN.exec(textOf(request.body, 'refreshToken') ?? '')?.[0] ?? null;
    default:
      return request.user?.session.userId ?? null;
  }
}

function textOf(body: unknown, field: string): string | null {
  const value = (body as Record<string, unknown> | null | undefined)?.[field];
  return typeof value === 'string' ? value : null;
}
