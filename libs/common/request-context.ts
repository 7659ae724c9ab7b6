import { AsyncScope } from './async-scope';
import type { RequestOrigin } from './request-origin';

/** The current request, for log lines and audit events. */
export interface RequestContext {
  readonly requestId: string;
  readonly origin: () => RequestOrigin;
  /** The session of the request, once it is verified. */
  session?: { id: string; userId: string };
}

const scope = new AsyncScope<RequestContext>();

/**
 * Makes the request available to `work` and all that it starts, by `currentRequest`.
 * @param work gets a function that ends the context.
 */
export function runInRequest<T>(context: RequestContext, work: (end: () => void) => T): T {
  return scope.enter(context, work);
}

/** @returns undefined outside of a request, and in a request without context. */
export function currentRequest(): RequestContext | undefined {
  return scope.get();
}

/** Whether any request has a context; meanwhile every promise of the process costs more. */
export function isAnyRequestFollowed(): boolean {
  return scope.isHeld;
}

/** Sets the session of the current request. Does nothing outside of a request. */
export function identifyRequest({ id, userId }: { id: string; userId: string }): void {
  const context = scope.get();
  if (context) {
    context.session = { id, userId };
  }
}

/** The log fields of a session; none without a session. */
export function sessionFields(session: RequestContext['session']): {
  userId?: string;
  sessionId?: string;
} {
  return session ? { userId: session.userId, sessionId: session.id } : {};
}

/** For work that a request starts but that does not belong to it, such as writing data of other requests. */
export function outsideRequest<T>(work: () => T): T {
  return scope.outside(work);
}
