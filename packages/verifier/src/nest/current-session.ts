import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { sessionOf } from '../request-session.js';
import type { VerifiedSession } from '../session.js';
import { carrierOf } from './carrier.js';

/** The `VerifiedSession` of the request or the socket. The route needs `SessionGuard`. */
export const CurrentSession: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext): VerifiedSession => sessionOf(carrierOf(context)),
);
