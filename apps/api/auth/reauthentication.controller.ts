import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ReauthenticationService, type Authenticated } from '#libs/auth';
import type { Admission } from '#libs/common';
import { CurrentSession } from '#libs/http';
import { RequiresSession } from '../http/requires-session.decorator';
import { Limited, RequestAdmission } from '../limits/limited.decorator';
import { RATE_LIMIT_HEADERS } from '../limits/rate-limit-headers';
import { ReauthenticatedDto, ReauthenticateDto } from './auth.dto';

@ApiTags('Authentication')
@Controller('auth')
export class ReauthenticationController {
  constructor(private readonly reauthentication: ReauthenticationService) {}

  @Limited('password')
  @Post('reauthenticate')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'reauthenticate',
    summary: 'Prove your identity again',
    description:
      'For calls that answer 401 `reauthentication_required`: the proof counts for this session, for the time of the ' +
      'setting `RECENT_AUTH_TTL`. Tokens of the next refresh tell it as `auth_time`.',
  })
  @ApiOkResponse({ type: ReauthenticatedDto, headers: RATE_LIMIT_HEADERS })
  @RequiresSession({
    problems: [
      'validation_failed',
      'malformed_json',
      'invalid_credentials',
      'payload_too_large',
      'unsupported_media_type',
      'rate_limited',
      'overloaded',
    ],
  })
  async reauthenticate(
    @CurrentSession() { session }: Authenticated,
    @Body() { password }: ReauthenticateDto,
    @RequestAdmission() admission: Admission,
  ): Promise<ReauthenticatedDto> {
    const atMs = await this.reauthentication.reauthenticate(session, password, admission);
    return { authenticatedAt: new Date(atMs).toISOString() };
  }
}
