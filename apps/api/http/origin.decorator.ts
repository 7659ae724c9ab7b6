import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { RequestOrigin } from '#libs/common';
import { clientAddress } from './client-address';

/** The origin of the request, for the session's record. */
export const Origin = createParamDecorator((_: unknown, context: ExecutionContext): RequestOrigin =>
  originOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

export function originOf(request: FastifyRequest): RequestOrigin {
  return { ip: clientAddress(request), userAgent: request.headers['user-agent'] };
}
