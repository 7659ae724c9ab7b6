import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { InvalidCredentialsError } from '#libs/auth';
import { DomainError, OverloadedError, type ErrorCode } from '#libs/common';
import { AuditRecorder } from '#libs/audit';
import { RefreshTokenInvalidError } from '#libs/session';
import {
  AttemptLimits,
  CallLimits,
  RateLimitedError,
  RejectionDelay,
  type AdmittedAttempt,
  type RateLimitState,
} from '#libs/rate-limit';
import { UserStore } from '#libs/user';
import {
  attemptOf,
  type Attempt,
  type LimitedAttempt,
  type LimitedRequest,
} from './limited-attempt';
import { setRateLimitHeaders } from './rate-limit-headers';

export const LIMITED_ATTEMPT = Symbol('latchkey:limited-attempt');

/** Errors of a refresh that count against its client. */
const REFRESH_FAILURES: ErrorCode[] = ['token_invalid', 'token_expired', 'token_revoked'];

/** Admits an attempt or refuses it, before its body is validated, and sets the headers of the rate limit. */
@Injectable()
export class RateLimitInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly attempts: AttemptLimits,
    private readonly calls: CallLimits,
    private readonly refusals: RejectionDelay,
    private readonly events: AuditRecorder,
    private readonly users: UserStore,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.limited(context, next));
  }

  private async limited(context: ExecutionContext, next: CallHandler): Promise<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<LimitedRequest>();
    const kind = this.reflector.get<LimitedAttempt>(LIMITED_ATTEMPT, context.getHandler());
    const attempt = attemptOf(kind, request);
    try {
      const admitted = await this.admit(attempt, http.getResponse<FastifyReply>());
      if ('admission' in admitted) {
        request.admission = admitted.admission;
      }
      const answer = await lastValueFrom<unknown, undefined>(next.handle(), {
        defaultValue: undefined,
      });
      if ('admission' in admitted && attempt.subject !== null) {
        await this.attempts.succeeded(attempt.subject, admitted);
      }
      return answer;
    } catch (error) {
      if (error instanceof RateLimitedError) {
        setRateLimitHeaders(http.getResponse<FastifyReply>(), error.state);
      }
      await this.note(attempt, error);
      throw error;
    }
  }

  private async admit(
    attempt: Attempt,
    reply: FastifyReply,
  ): Promise<AdmittedAttempt | { state: RateLimitState | null }> {
    try {
      const admitted = await this.ask(attempt);
      setRateLimitHeaders(reply, admitted.state);
      return admitted;
    } catch (error) {
      if (error instanceof RateLimitedError) {
        await this.report(attempt, error);
      }
      throw error;
    }
  }

  private async ask({
    kind,
    subject,
    address,
  }: Attempt): Promise<AdmittedAttempt | { state: RateLimitState | null }> {
    switch (kind) {
      case 'login':
        return this.attempts.admitLogin(subject, address);
      case 'registration':
        return this.attempts.admitRegistration(address);
      case 'password':
        return this.attempts.admitPasswordProof(subject ?? '', address);
      case 'refresh':
        return { state: await this.calls.admitRefresh(address) };
      case 'change':
        return { state: await this.calls.admitChange(subject ?? '') };
    }
  }

  /** Counts a failed attempt and delays a refusal. */
  private async note({ kind, subject, address }: Attempt, error: unknown): Promise<void> {
    if (subject !== null && error instanceof InvalidCredentialsError) {
      await this.attempts.failed(subject);
    }
    if (
      kind === 'refresh' &&
      error instanceof DomainError &&
      REFRESH_FAILURES.includes(error.code)
    ) {
      await this.calls.refreshFailed(address);
    }
    if (
      error instanceof RateLimitedError ||
      error instanceof OverloadedError ||
      error instanceof RefreshTokenInvalidError
    ) {
      await this.refusals.delayRejection();
    }
  }

  /** Records one event per window, so that a flood of attempts writes no flood of events. */
  private async report({ kind, subject }: Attempt, { limit, isFirst }: RateLimitedError) {
    if (kind !== 'login' || !isFirst || (limit !== 'account' && limit !== 'address')) {
      return;
    }
    const userId =
      subject === null ? null : await this.users.findIdByEmail(subject).catch(() => null);
    this.events.record({ name: 'login_refused_by_limit', userId, details: { limit } });
  }
}
