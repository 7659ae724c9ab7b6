import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  DependencyUnavailableError,
  DomainError,
  ValidationFailedError,
  type ErrorCode,
} from '#libs/common';
import { bearerChallenge, PROBLEMS, type Problem } from './problems';

/** Turns every error into problem+json. The only place where an error meets HTTP. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const problem = describe(error, request.id);
    if (problem.code === 'internal_error') {
      this.logger.error({ err: error, requestId: request.id }, 'unexpected error');
    } else if (error instanceof DependencyUnavailableError) {
      const { dependency, cause } = error;
      this.logger.warn(
        { dependency, reason: reasonOf(cause), requestId: request.id },
        'store unavailable',
      );
    }
    send(http.getResponse<FastifyReply>(), problem, error);
  }
}

function send(reply: FastifyReply, problem: Problem, error: unknown): void {
  if (problem.status === 401) {
    reply.header('www-authenticate', bearerChallenge(problem.code, problem.detail));
  }
  if (error instanceof DependencyUnavailableError) {
    reply.header('retry-after', error.retryAfterSeconds);
  }
  reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** What to answer for an error, whoever threw it. */
export function describe(error: unknown, requestId: string): Problem {
  const { code, detail } = classify(error);
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:latchkey:problem:${code}`,
    title,
    status,
    detail,
    code,
    requestId,
    ...(error instanceof ValidationFailedError && { errors: error.errors }),
  };
}

/** Details of the framework's errors are our own words: theirs may quote the input. */
function classify(error: unknown): { code: ErrorCode; detail: string } {
  if (error instanceof DomainError) {
    return { code: error.code, detail: error.message };
  }
  switch (statusOf(error)) {
    case 400:
    case 431:
      return { code: 'malformed_json', detail: 'The request could not be read.' };
    case 403:
      return { code: 'forbidden', detail: 'This is not allowed.' };
    case 404:
    case 405:
      return { code: 'not_found', detail: 'There is nothing at this address for this method.' };
    case 413:
      return { code: 'payload_too_large', detail: 'The request body is too large.' };
    case 415:
      return { code: 'unsupported_media_type', detail: 'Send the body as application/json.' };
    default:
      return { code: 'internal_error', detail: 'Something went wrong on our side.' };
  }
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) {
    return error.getStatus();
  }
  return (error as { statusCode?: number } | undefined)?.statusCode;
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}
