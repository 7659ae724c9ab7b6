import {
  applyDecorators,
  createParamDecorator,
  SetMetadata,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';
import { ANY_CLIENT, type Admission } from '#libs/common';
import type { LimitedAttempt, LimitedRequest } from './limited-attempt';
import { LIMITED_ATTEMPT, RateLimitInterceptor } from './rate-limit.interceptor';

/** Limits the rate of calls: see AttemptLimits and CallLimits. */
export const Limited = (attempt: LimitedAttempt) =>
  applyDecorators(SetMetadata(LIMITED_ATTEMPT, attempt), UseInterceptors(RateLimitInterceptor));

/** The client for whom a limited call queues for hashing. */
export const RequestAdmission = createParamDecorator(
  (_: unknown, context: ExecutionContext): Admission =>
    context.switchToHttp().getRequest<LimitedRequest>().admission ?? ANY_CLIENT,
);
