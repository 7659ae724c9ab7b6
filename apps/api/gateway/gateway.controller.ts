import { Body, Controller, Get, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticator, latestProof } from '#libs/auth';
import { attributeHeader, DependencyUnavailableError, DomainError } from '#libs/common';
import { Settings } from '#libs/config';
import { Public, sessionOf, type AuthenticatedRequest } from '#libs/http';
import { ApiProblems } from '../http/api-problems.decorator';
import { WithoutContext } from '../http/request-context.hook';
import { RequiresSession } from '../http/requires-session.decorator';
import { IntrospectDto, IntrospectionDto } from './gateway.dto';
import { ServiceClientGuard } from './service-client.guard';

const text = { schema: { type: 'string' as const } };
const integer = { schema: { type: 'integer' as const } };

@ApiTags('Gateways and services')
@Controller('auth')
export class GatewayController {
  /** Name and header field of each attribute that `verify` tells. */
  private readonly attributes: readonly (readonly [name: string, header: string])[];

  constructor(
    private readonly authenticator: Authenticator,
    { verifyAttributes }: Settings,
  ) {
    this.attributes = verifyAttributes.map((name) => [name, attributeHeader(name)]);
  }

  @WithoutContext()
  @Get('verify')
  @ApiOperation({
    operationId: 'verifySession',
    summary: 'Verify a session for a gateway',
    description:
      'For forward authentication by nginx, Traefik or Envoy: headers name the user, the session, the role, and when ' +
      'and how the user has last proved their identity; the body is empty. Attributes of the session that the setting ' +
      '`VERIFY_ATTRIBUTES` lists follow as `X-Session-*`, percent-encoded; a missing one is empty. A gateway that forwards ' +
      'cookies names the method of its request in `X-Forwarded-Method` or `X-Original-Method`.',
  })
  @ApiOkResponse({
    description: 'The session is active; no body.',
    headers: {
      'X-User-Id': text,
      'X-Session-Id': text,
      'X-User-Role': text,
      'X-Auth-Time': { description: 'Unix time in seconds; 0: unknown.', ...integer },
      'X-Amr': { description: 'Methods of RFC 8176, separated by spaces.', ...text },
    },
  })
  @RequiresSession({ problems: ['cross_site_request'] })
  verify(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): void {
    const authenticated = sessionOf(request);
    const { session } = authenticated;
    const { authTime, amr } = latestProof(authenticated);
    reply
      .header('x-user-id', session.userId)
      .header('x-session-id', session.id)
      .header('x-user-role', session.role)
      .header('x-auth-time', authTime ?? 0)
      .header('x-amr', amr.join(' '));
    for (const [name, header] of this.attributes) {
      // Always, so that a gateway which passes on what it finds replaces what the client has sent. Encoded: a value may
      // hold any character, also a line break.
      reply.header(header, encodeURIComponent(session.attributes?.[name] ?? ''));
    }
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
      const authenticated = await this.authenticator.authenticate(token, { withProfile: false });
      const { claims, session } = authenticated;
      const { authTime, amr } = latestProof(authenticated);
      return {
        active: true,
        ...claims,
        scope: session.role,
        token_type: 'Bearer',
        ...(authTime !== null && { auth_time: authTime, amr }),
        ...(session.attributes && { attributes: session.attributes }),
      };
    } catch (error) {
      if (error instanceof DomainError && !(error instanceof DependencyUnavailableError)) {
        return { active: false };
      }
      throw error;
    }
  }
}
