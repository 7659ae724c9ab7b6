import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { ErrorCode } from '#libs/common';
import { PROBLEMS } from '#libs/http';
import { oneOfProblems } from '../docs/problem-schemas';

class FieldProblemDto {
  @ApiProperty({ example: 'email' })
  field!: string;

  @ApiProperty({ type: [String], example: ['email must be an e-mail address'] })
  messages!: string[];
}

/** RFC 9457, as the API documents it. `problem-schemas.ts` has a schema for each code. */
class ProblemDto {
  @ApiProperty({ format: 'uri', example: 'urn:latchkey:problem:not_found' })
  type!: string;

  @ApiProperty({ description: 'The same for all errors of a code.', example: 'Not found' })
  title!: string;

  @ApiProperty({ type: 'integer', description: 'The HTTP status.', example: 404 })
  status!: number;

  @ApiProperty({ description: 'For people.', example: 'No such session.' })
  detail!: string;

  @ApiProperty({
    enum: Object.keys(PROBLEMS),
    enumName: 'ErrorCode',
    description: 'Stable; switch on this.',
    example: 'not_found',
  })
  code!: string;

  @ApiProperty({
    description: 'The same as in the header X-Request-Id and in the log.',
    example: 'd64234ed0ac7a0f545d056caa4fd2f84',
  })
  requestId!: string;
}

/** The codes of every route that a schema can express: see `describe` of libs/http. */
const ALWAYS = ['malformed_request', 'internal_error'] as const satisfies ErrorCode[];

/**
 * Documents the errors of a route, in addition to those of every route: one response for each status, with exactly its
 * codes and an example of each.
 */
export function ApiProblems(...more: ErrorCode[]) {
  const codes = [...new Set([...more, ...ALWAYS])];
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))];
  return applyDecorators(
    ApiExtraModels(ProblemDto, FieldProblemDto),
    ...statuses.map((status) => {
      const ofStatus = codes.filter((code) => PROBLEMS[code].status === status);
      return ApiResponse({
        status,
        description: ofStatus.map((code) => `\`${code}\``).join(', '),
        headers: headersOf(status),
        content: {
          'application/problem+json': {
            schema: oneOfProblems(ofStatus),
            examples: Object.fromEntries(ofStatus.map((code) => [code, { value: example(code) }])),
          },
        },
      });
    }),
  );
}

/** Of every route but a GET: the body is read before the handler runs, even if the handler takes none. */
export const UNREADABLE_BODY = [
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
] as const satisfies ErrorCode[];

function headersOf(status: number) {
  if (status === 401) {
    const description = 'How to authenticate: Bearer (RFC 6750) or Basic (RFC 7617).';
    return { 'WWW-Authenticate': { description, schema: { type: 'string' as const } } };
  }
  return status === 503 || status === 429
    ? {
        'Retry-After': {
          description: 'Seconds to wait before the next attempt.',
          schema: { type: 'integer' as const, example: 1 },
        },
      }
    : {};
}

function example(code: ErrorCode) {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:latchkey:problem:${code}`,
    title,
    status,
    detail: `${title}.`,
    code,
    requestId: 'd64234ed0ac7a0f545d056caa4fd2f84',
    ...(code === 'validation_failed' && {
      errors: [{ field: 'email', messages: ['email must be an e-mail address'] }],
    }),
  };
}
