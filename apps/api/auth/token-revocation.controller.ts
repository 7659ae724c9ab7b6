import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { TokenRevocationService } from '#libs/auth';
import { Public } from '#libs/http';
import { CallLimits } from '#libs/rate-limit';
import { ApiProblems } from '../http/api-problems.decorator';
import { clientAddress } from '../http/client-address';

/** RFC 7009 section 2.1. */
export class RevokeTokenDto {
  @ApiProperty({
    description: 'An access token or a refresh token.',
    example: 'header.claims.signature',
  })
  @IsString()
  token!: string;

  @ApiProperty({
    required: false,
    description: 'Accepted and ignored.',
    example: 'refresh_token',
  })
  @IsOptional()
  @IsString()
  token_type_hint?: string;
}

@ApiTags('Authentication')
@Controller('auth')
export class TokenRevocationController {
  constructor(
    private readonly revocation: TokenRevocationService,
    private readonly limits: CallLimits,
  ) {}

  @Public()
  @Post('revoke')
  @HttpCode(200)
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOperation({
    operationId: 'revokeToken',
    summary: 'Revoke the session of a token',
    description:
      'RFC 7009, for the holder of the token; no other credentials. Ends the session of an access token, also of an ' +
      'expired one, or of a refresh token. The answer is the same for a text that is no token.',
  })
  @ApiOkResponse({ description: 'The session of the token, if it had one, has ended. No body.' })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'payload_too_large',
    'unsupported_media_type',
    'rate_limited',
    'overloaded',
    'dependency_unavailable',
  )
  async revoke(@Body() { token }: RevokeTokenDto, @Req() request: FastifyRequest): Promise<void> {
    // An invented token costs as much as at a refresh, so both count together.
    const address = clientAddress(request) ?? '';
    await this.limits.admitRefresh(address);
    if (!(await this.revocation.revoke(token))) {
      await this.limits.refreshFailed(address);
    }
  }
}
