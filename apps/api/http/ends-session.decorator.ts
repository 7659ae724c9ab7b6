import {
  Injectable,
  Optional,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { tap, type Observable } from 'rxjs';
import { SessionCookies, type AuthenticatedRequest } from '#libs/http';

type EndingRequest = AuthenticatedRequest & { params: { id?: string } };

/**
 * Removes the cookies of a session that the call has ended. After a refusal they stay: a client repeats a call that was
 * answered 503 with the same token.
 */
@Injectable()
export class ClearCookiesInterceptor implements NestInterceptor {
  constructor(@Optional() private readonly cookies?: SessionCookies) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<EndingRequest>();
    if (!this.cookies || !request.byCookie) {
      return next.handle();
    }
    const values = this.cookies.clear(request);
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      tap(() => {
        if (endsOwnSession(request)) {
          void reply.header('set-cookie', values);
        }
      }),
    );
  }
}

/** A route with the parameter `id` ends the session of that id. */
function endsOwnSession({ params: { id }, user }: EndingRequest): boolean {
  return id === undefined || id.toLowerCase() === user?.session.id;
}

/** The call ends the session of the request, or the one that its path names. */
export const EndsSession = () => UseInterceptors(ClearCookiesInterceptor);
