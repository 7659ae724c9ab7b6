import { applyDecorators } from '@nestjs/common';
import type { ErrorCode } from '#libs/common';
import { bearerChallenge, PROBLEMS } from '#libs/http';
import { ApiExtraModels, ApiProperty, ApiResponse } from '../docs/decorators';

class FieldProblemDto {
  @ApiProperty({ example: 'email' })
  field!: string;

  @ApiProperty({ type: [String], example: ['email must be an e-mail address'] })
  messages!: string[];
}

/** RFC 9457, as the API documents it. */
export class ProblemDto {
  @ApiProperty({ example: 'urn:latchkey:problem:validation_failed' })
  type!: string;

  @ApiProperty({ example: 'Validation failed' })
  title!: string;

  @ApiProperty({ example: 400 })
  status!: number;

  @ApiProperty({ example: 'The request has invalid fields.' })
  detail!: string;

  @ApiProperty({ enum: Object.keys(PROBLEMS), description: 'Stable; switch on this.' })
  code!: string;

  @ApiProperty({ description: 'The same as in the header X-Request-Id and in the log.' })
  requestId!: string;

  @ApiProperty({ type: [FieldProblemDto], required: false })
  errors?: FieldProblemDto[];
}

/** Documents the errors a route can answer, one response a status with an example a code. */
export function ApiProblems(...codes: ErrorCode[]) {
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))];
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...statuses.map((status) => {
      const ofStatus = codes.filter((code) => PROBLEMS[code].status === status);
      return ApiResponse({
        status,
        description: ofStatus.map((code) => `\`${code}\``).join(', '),
        headers: headersOf(status),
        content: {
          'application/problem+json': {
            schema: { $ref: `#/components/schemas/${ProblemDto.name}` },
            examples: Object.fromEntries(ofStatus.map((code) => [code, { value: example(code) }])),
          },
        },
      });
    }),
  );
}

/** Of every route but a GET: a body is read before the handler is asked, whether it wants one or not. */
export const UNREADABLE_BODY = [
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
] as const satisfies ErrorCode[];

/** What every protected route can answer. */
export function ApiProtected(...more: ErrorCode[]) {
  return ApiProblems(
    ...more,
    'token_missing',
    'token_invalid',
    'token_expired',
    'token_revoked',
    'dependency_unavailable',
  );
}

function headersOf(status: number) {
  if (status === 401) {
    const example = bearerChallenge('token_missing', '');
    return { 'WWW-Authenticate': { schema: { type: 'string' as const, example } } };
  }
  return status === 503 || status === 429
    ? { 'Retry-After': { schema: { type: 'integer' as const, example: 1 } } }
    : {};
}

function example(code: ErrorCode) {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:latchkey:problem:${code}`,
    title,
    status,
    detail: title,
    code,
    requestId: 'd64234ed0ac7a0f545d056caa4fd2f84',
    ...(code === 'validation_failed' && {
      errors: [{ field: 'email', messages: ['email must be an e-mail address'] }],
    }),
  };
}
