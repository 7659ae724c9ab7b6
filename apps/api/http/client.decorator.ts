import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from './client-address';

/** Where a request comes from, for the session's record. */
export interface Client {
  ip: string | undefined;
  userAgent: string | undefined;
}

export const RequestClient = createParamDecorator((_: unknown, context: ExecutionContext): Client =>
  clientOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

export function clientOf(request: FastifyRequest): Client {
  return { ip: clientAddress(request), userAgent: request.headers['user-agent'] };
}
