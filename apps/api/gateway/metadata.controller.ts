import { Controller, Get, NotFoundException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { KeyRing } from '#libs/auth';
import { Settings } from '#libs/config';
import { Public } from '#libs/http';
import { ApiProblems } from '../http/api-problems.decorator';

/** RFC 8414 section 2; `revocations_endpoint` is an extension. */
class MetadataDto {
  @ApiProperty({ format: 'uri', example: 'https://auth.example.com' })
  issuer!: string;

  @ApiProperty({ format: 'uri', example: 'https://auth.example.com/.well-known/jwks.json' })
  jwks_uri!: string;

  @ApiProperty({ format: 'uri', example: 'https://auth.example.com/api/auth/introspect' })
  introspection_endpoint!: string;

  @ApiProperty({ type: [String], example: ['client_secret_basic'] })
  introspection_endpoint_auth_methods_supported!: string[];

  @ApiProperty({ format: 'uri', example: 'https://auth.example.com/api/auth/revoke' })
  revocation_endpoint!: string;

  @ApiProperty({ type: [String], example: ['none'] })
  revocation_endpoint_auth_methods_supported!: string[];

  @ApiProperty({
    format: 'uri',
    description: 'The stream of revocations.',
    example: 'https://auth.example.com/api/auth/revocations',
  })
  revocations_endpoint!: string;

  @ApiProperty({ type: [String], description: 'None: no OAuth flow is offered.', example: [] })
  response_types_supported!: string[];

  @ApiProperty({ type: [String], example: ['ES256'] })
  access_token_signing_alg_values_supported!: string[];
}

@ApiTags('Gateways and services')
@Controller('.well-known')
export class MetadataController {
  constructor(
    private readonly settings: Settings,
    private readonly keys: KeyRing,
  ) {}

  @Public()
  @Get('oauth-authorization-server')
  @ApiOperation({
    operationId: 'getMetadata',
    summary: 'Read where the endpoints for services are',
    description: 'RFC 8414. 404 without the setting `PUBLIC_URL`.',
  })
  @ApiOkResponse({ type: MetadataDto })
  @ApiProblems('not_found')
  metadata(): MetadataDto {
    const { publicUrl } = this.settings;
    if (publicUrl === undefined) {
      throw new NotFoundException('The setting PUBLIC_URL is not set.');
    }
    return {
      issuer: publicUrl,
      jwks_uri: `${publicUrl}/.well-known/jwks.json`,
      introspection_endpoint: `${publicUrl}/api/auth/introspect`,
      introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
      revocation_endpoint: `${publicUrl}/api/auth/revoke`,
      revocation_endpoint_auth_methods_supported: ['none'],
      revocations_endpoint: `${publicUrl}/api/auth/revocations`,
      response_types_supported: [],
      access_token_signing_alg_values_supported: [...this.keys.algorithms],
    };
  }
}
