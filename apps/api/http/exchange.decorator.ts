import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A request and its answer. */
export interface HttpExchange {
  request: FastifyRequest;
  reply: FastifyReply;
}

/** For handlers that set headers; unlike `@Res()` it leaves the answer to Nest. */
export const Exchange = createParamDecorator(
  (_: unknown, context: ExecutionContext): HttpExchange => {
    const http = context.switchToHttp();
    return { request: http.getRequest<FastifyRequest>(), reply: http.getResponse<FastifyReply>() };
  },
);
