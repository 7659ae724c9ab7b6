import { AsyncScope } from './async-scope';
import type { RequestOrigin } from './request-origin';

/** The request that is being answered, for the log and audit events, which name it. */
export interface RequestContext {
  readonly requestId: string;
  readonly origin: () => RequestOrigin;
  /** Whose session asks, once that is confirmed. */
  session?: { id: string; userId: string };
}

const scope = new AsyncScope<RequestContext>();

/**
 * Lets `work`, and all that it starts, find the request by `currentRequest`.
 * @param work is given a function to be called when the request is over.
 */
export function runInRequest<T>(context: RequestContext, work: (end: () => void) => T): T {
  return scope.enter(context, work);
}

/** @returns undefined for what no request asked for, and in a request that does without its context. */
export function currentRequest(): RequestContext | undefined {
  return scope.get();
}

/** Whether there is a request that can be found so; while there is, every promise of the process costs more. */
export function isAnyRequestFollowed(): boolean {
  return scope.isHeld;
}

/** Says whose session asks. Without a request it does nothing. */
export function identifyRequest({ id, userId }: { id: string; userId: string }): void {
  const context = scope.get();
  if (context) {
    context.session = { id, userId };
  }
}

/** Whose session asks, for a line of the log; nothing while that is not known. */
export function sessionFields(session: RequestContext['session']): {
  userId?: string;
  sessionId?: string;
} {
  return session ? { userId: session.userId, sessionId: session.id } : {};
}

/** For what a request happens to set off but does not ask for, such as writing what others left. */
export function outsideRequest<T>(work: () => T): T {
  return scope.outside(work);
}
