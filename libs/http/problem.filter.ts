import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  DependencyUnavailableError,
  DomainError,
  sessionFields,
  ThrottledLog,
  type Dependency,
  type ErrorCode,
} from '#libs/common';
import { errorText, serializeError } from '#libs/log';
import type { AuthenticatedRequest } from './authenticated-request';
import { bearerChallenge, describe, type Problem } from './problems';

/** A Fastify request has an id. */
type FailedRequest = AuthenticatedRequest & { id?: unknown };

/** Turns every error into problem+json (RFC 9457), on Fastify and Express. The only code that maps errors to HTTP. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');
  private readonly outages = new Map<Dependency, ThrottledLog>();

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FailedRequest>();
    const requestId = typeof request.id === 'string' ? request.id : undefined;
    const problem = describe(error, requestId);
    request.problemCode = problem.code;
    const session = request.user?.session ?? request.attempt?.claimed;
    this.log(error, problem.code, { requestId, ...sessionFields(session) });

    const { httpAdapter } = this.adapterHost;
    const response = http.getResponse<unknown>();
    if (problem.status === 401) {
      httpAdapter.setHeader(response, 'WWW-Authenticate', challengeOf(error, problem));
    }
    if (error instanceof DomainError && error.retryAfterSeconds !== undefined) {
      httpAdapter.setHeader(response, 'Retry-After', String(error.retryAfterSeconds));
    }
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json');
    httpAdapter.reply(response, JSON.stringify(problem), problem.status);
  }

  private log(error: unknown, code: ErrorCode, request: Record<string, unknown>): void {
    if (code === 'internal_error') {
      this.logger.error({ err: serializeError(error), ...request }, 'unexpected error');
    } else if (error instanceof DependencyUnavailableError) {
      const { dependency, cause } = error;
      const reason = cause === undefined ? undefined : errorText(cause);
      const fields = { dependency, reason, ...request };
      if (!this.outageOf(dependency).write(fields, 'store unavailable')) {
        this.logger.debug(fields, 'store unavailable');
      }
    }
  }

  /** An outage fails any number of requests; the line of each answer has its status. */
  private outageOf(dependency: Dependency): ThrottledLog {
    const known = this.outages.get(dependency);
    if (known) {
      return known;
    }
    const outage = new ThrottledLog((line, message) => this.logger.warn(line, message));
    this.outages.set(dependency, outage);
    return outage;
  }
}

/** An error may have the challenge of another scheme than Bearer. */
function challengeOf(error: unknown, { code, detail }: Problem): string {
  const own = (error as { challenge?: unknown }).challenge;
  return typeof own === 'string' ? own : bearerChallenge(code, detail);
}
