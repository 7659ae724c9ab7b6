import { Body, Controller, HttpCode, Param, Put, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IdPipe, Public } from '#libs/http';
import { SessionChanger } from '#libs/session';
import { ApiSessionId } from '../docs/id-parameters';
import { ApiProblems } from '../http/api-problems.decorator';
import { SessionAttributesDto } from './gateway.dto';
import { ServiceClientGuard } from './service-client.guard';

@ApiTags('Gateways and services')
@Controller('auth/sessions')
export class SessionAttributesController {
  constructor(private readonly sessions: SessionChanger) {}

  @Public()
  @UseGuards(ServiceClientGuard)
  @Put(':id/attributes')
  @HttpCode(204)
  @ApiBasicAuth()
  @ApiOperation({
    operationId: 'setSessionAttributes',
    summary: 'Set the attributes of a session',
    description:
      'Replaces the data that services keep with a session. For clients of the setting `INTROSPECTION_CLIENTS`, with HTTP ' +
      'Basic. Introspection tells the attributes, and `verify` those of the setting `VERIFY_ATTRIBUTES`.',
  })
  @ApiSessionId()
  @ApiNoContentResponse({
    description: 'No instance answers with the earlier attributes any more.',
  })
  @ApiProblems(
    'validation_failed',
    'malformed_json',
    'invalid_credentials',
    'not_found',
    'payload_too_large',
    'unsupported_media_type',
    'rate_limited',
    'dependency_unavailable',
  )
  async setAttributes(
    @Param('id', IdPipe) id: string,
    @Body() { attributes }: SessionAttributesDto,
  ): Promise<void> {
    await this.sessions.setAttributes(id, attributes);
  }
}
