import type { ExecutionContext } from '@nestjs/common';

/** The object that carries the session: the request, or the socket of a gateway. */
export function carrierOf(context: ExecutionContext): object {
  return context.getType() === 'ws'
    ? context.switchToWs().getClient<object>()
    : context.switchToHttp().getRequest<object>();
}
