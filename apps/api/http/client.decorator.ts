import { isIP } from 'node:net';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Where a request comes from, for the session's record. */
export interface Client {
  ip: string;
  userAgent: string | undefined;
}

export const RequestClient = createParamDecorator((_: unknown, context: ExecutionContext): Client =>
  clientOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

export function clientOf(request: FastifyRequest): Client {
  return { ip: addressOf(request), userAgent: request.headers['user-agent'] };
}

/** What a proxy passes on may be anything that a client has made up. */
function addressOf({ ip, socket }: FastifyRequest): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}
