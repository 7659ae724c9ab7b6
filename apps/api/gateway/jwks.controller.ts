import { createHash } from 'node:crypto';
import { Controller, Get, Headers, HttpStatus, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { KeyRing } from '#libs/auth';
import { isKnown, Public } from '#libs/http';
import { ApiProblems } from '../http/api-problems.decorator';
import { JwksDto } from './jwks.dto';

/**
 * Caches revalidate the answer on each use. Verifiers cache the keys themselves and ask again for an unknown `kid`. A
 * cache that answered with older keys would make them refuse valid tokens after each rotation, and accept a removed key
 * for longer.
 */
const CACHE_CONTROL = 'public, max-age=0, must-revalidate';

const text = { schema: { type: 'string' as const } };

@ApiTags('Gateways and services')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: KeyRing) {}

  @Public()
  @Get('jwks.json')
  @ApiOperation({
    operationId: 'getJwks',
    summary: 'Read the public keys that verify access tokens',
    description:
      'A JWK Set (RFC 7517); `keys` is empty with HS256. While an operator changes between HS256 and ES256, ' +
      '`other_algorithms` names HS256 beside the keys.',
  })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag of a copy.' })
  @ApiOkResponse({ type: JwksDto, headers: { 'Cache-Control': text, ETag: text } })
  @ApiResponse({ status: HttpStatus.NOT_MODIFIED, description: 'The copy is current. No body.' })
  @ApiProblems()
  jwks(
    @Headers('if-none-match') copies: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): JwksDto | undefined {
    const jwks = this.keys.publicJwks();
    const etag = etagOf(jwks);
    reply.header('cache-control', CACHE_CONTROL).header('etag', etag);
    if (isKnown(copies, etag)) {
      reply.code(HttpStatus.NOT_MODIFIED);
      return undefined;
    }
    return jwks;
  }
}

function etagOf(jwks: JwksDto): string {
  return `"${createHash('sha256').update(JSON.stringify(jwks)).digest('base64url')}"`;
}
