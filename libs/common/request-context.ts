import { AsyncLocalStorage } from 'node:async_hooks';

/** Where a request comes from, as far as it is known. */
export interface RequestOrigin {
  ip?: string | undefined;
  userAgent?: string | undefined;
}

/** The request that is being answered, for whoever has to name it: the log, security events. */
export interface RequestContext {
  readonly requestId: string;
  readonly origin: () => RequestOrigin;
  /** Whose session asks, once that is confirmed. */
  session?: { id: string; userId: string };
}

const storage = new AsyncLocalStorage<RequestContext | undefined>();

/** Lets `work`, and all that it starts, find the request by `currentRequest`. */
export function runInRequest<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** @returns undefined for what no request asked for. */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

/** Says whose session asks. Without a request it does nothing. */
export function identifyRequest({ id, userId }: { id: string; userId: string }): void {
  const context = storage.getStore();
  if (context) {
    context.session = { id, userId };
  }
}

/** For what a request happens to set off but does not ask for, such as writing what others left. */
export function outsideRequest<T>(work: () => T): T {
  return storage.run(undefined, work);
}
