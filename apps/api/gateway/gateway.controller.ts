import { Body, Controller, Get, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticator } from '#libs/auth';
import { DependencyUnavailableError, DomainError } from '#libs/common';
import { Public, sessionOf, type AuthenticatedRequest } from '#libs/http';
import { ApiProblems } from '../http/api-problems.decorator';
import { WithoutContext } from '../http/request-context.hook';
import { RequiresSession } from '../http/requires-session.decorator';
import { IntrospectDto, IntrospectionDto } from './gateway.dto';
import { ServiceClientGuard } from './service-client.guard';

const text = { schema: { type: 'string' as const } };

@ApiTags('Gateways and services')
@Controller('auth')
export class GatewayController {
  constructor(private readonly authenticator: Authenticator) {}

  @WithoutContext()
  @Get('verify')
  @ApiOperation({
    operationId: 'verifySession',
    summary: 'Verify a session for a gateway',
    description:
      'For forward authentication by nginx, Traefik or Envoy: headers name the user, the session and ' +
      'the role; the body is empty.',
  })
  @ApiOkResponse({
    description: 'The session is active; no body.',
    headers: { 'X-User-Id': text, 'X-Session-Id': text, 'X-User-Role': text },
  })
  @RequiresSession()
  verify(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): void {
    const { session } = sessionOf(request);
    reply
      .header('x-user-id', session.userId)
      .header('x-session-id', session.id)
      .header('x-user-role', session.role);
  }

  @Public()
  @UseGuards(ServiceClientGuard)
  @Post('introspect')
  @HttpCode(200)
  @ApiBasicAuth()
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOperation({
    operationId: 'introspectToken',
    summary: 'Introspect an access token',
    description:
      'RFC 7662, for services that authenticate with HTTP Basic as a client of the setting ' +
      '`INTROSPECTION_CLIENTS`. A token that is not active answers `active: false` alone.',
  })
  @ApiOkResponse({ type: IntrospectionDto })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'invalid_credentials',
    'payload_too_large',
    'unsupported_media_type',
    'rate_limited',
    'dependency_unavailable',
  )
  async introspect(@Body() { token }: IntrospectDto): Promise<IntrospectionDto> {
    try {
      const { claims, session } = await this.authenticator.authenticate(token, {
        withProfile: false,
      });
      return { active: true, ...claims, scope: session.role, token_type: 'Bearer' };
    } catch (error) {
      if (error instanceof DomainError && !(error instanceof DependencyUnavailableError)) {
        return { active: false };
      }
      throw error;
    }
  }
}
