import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { InvalidCredentialsError } from '#libs/auth';
import { OverloadedError } from '#libs/common';
import { SecurityEvents } from '#libs/audit';
import type { AuthenticatedRequest } from '#libs/http';
import { AttemptLimits, RateLimitedError, type Standing } from '#libs/rate-limit';
import { UserStore } from '#libs/user';
import { clientAddress } from '../http/client-address';

export const LIMITED_ATTEMPT = Symbol('latchkey:limited-attempt');

/** What is attempted: `password` is a proof by somebody who is signed in. */
export type LimitedAttempt = 'login' | 'registration' | 'password';

/** What is attempted, and for whom. */
interface Attempt {
  kind: LimitedAttempt;
  /** Whose password is to be proved: an e-mail address or an id; null where nobody is named. */
  account: string | null;
  address: string;
}

type LimitedRequest = FastifyRequest & AuthenticatedRequest;

/**
 * Lets an attempt through or refuses it, before its body is looked at any closer, and says in headers
 * where the client stands.
 */
@Injectable()
export class RateLimitInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: AttemptLimits,
    private readonly events: SecurityEvents,
    private readonly users: UserStore,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.limited(context, next));
  }

  private async limited(context: ExecutionContext, next: CallHandler): Promise<unknown> {
    const http = context.switchToHttp();
    const kind = this.reflector.get<LimitedAttempt>(LIMITED_ATTEMPT, context.getHandler());
    const attempt = attemptOf(kind, http.getRequest<LimitedRequest>());
    try {
      await this.admit(attempt, http.getResponse<FastifyReply>());
      return await lastValueFrom<unknown, undefined>(next.handle(), { defaultValue: undefined });
    } catch (error) {
      if (attempt.account !== null && error instanceof InvalidCredentialsError) {
        await this.limits.failed(attempt.account);
      }
      if (error instanceof RateLimitedError || error instanceof OverloadedError) {
        await this.limits.holdRefusal();
      }
      throw error;
    }
  }

  private async admit(attempt: Attempt, reply: FastifyReply): Promise<void> {
    try {
      const { kind, account, address } = attempt;
      const standing =
        kind === 'registration'
          ? await this.limits.admitRegistration(address)
          : await this.limits.admitLogin(account, address);
      showStanding(reply, standing);
    } catch (error) {
      if (error instanceof RateLimitedError) {
        showStanding(reply, error.standing);
        await this.report(attempt, error);
      }
      throw error;
    }
  }

  /** Once a window: what a flood would write is its own. */
  private async report({ kind, account }: Attempt, { limit, standing }: RateLimitedError) {
    if (kind !== 'login' || standing.counted !== standing.limit + 1) {
      return;
    }
    const userId =
      account === null ? null : await this.users.findIdByEmail(account).catch(() => null);
    this.events.record({ name: 'login_refused_by_limit', userId, details: { limit } });
  }
}

/** The body has not been validated yet. */
function attemptOf(kind: LimitedAttempt, request: LimitedRequest): Attempt {
  const address = clientAddress(request) ?? '';
  if (kind === 'login') {
    const email: unknown = (request.body as { email?: unknown } | undefined)?.email;
    return { kind, account: typeof email === 'string' ? sameForAllCases(email) : null, address };
  }
  return { kind, account: request.user?.session.userId ?? null, address };
}

function sameForAllCases(email: string): string {
  return email.trim().toLowerCase();
}

function showStanding(reply: FastifyReply, standing: Standing | null): void {
  if (standing) {
    void reply
      .header('ratelimit-limit', standing.limit)
      .header('ratelimit-remaining', standing.remaining)
      .header('ratelimit-reset', standing.resetSeconds);
  }
}
