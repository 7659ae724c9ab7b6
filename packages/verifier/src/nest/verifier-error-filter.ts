import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { VerifierError } from '../errors.js';
import { refusalOf } from '../problem.js';

/** Answers a `VerifierError` with problem+json, on Express and Fastify. */
@Catch(VerifierError)
export class VerifierErrorFilter implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(error: VerifierError, host: ArgumentsHost): void {
    const { httpAdapter } = this.host;
    const response = host.switchToHttp().getResponse<unknown>();
    const { status, headers, body } = refusalOf(error);
    for (const [name, value] of Object.entries(headers)) {
      httpAdapter.setHeader(response, name, value);
    }
    httpAdapter.reply(response, body, status);
  }
}
