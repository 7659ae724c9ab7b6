import { Body, Controller, Delete, Get, Headers, HttpCode, Put, Req, Res } from '@nestjs/common';
import {
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  AccountDeletionService,
  AccountService,
  PasswordChangeService,
  type Authenticated,
} from '#libs/auth';
import { AvatarService } from '#libs/avatar';
import type { Admission } from '#libs/common';
import {
  CurrentSession,
  isKnown,
  ReadsProfile,
  sessionOf,
  type AuthenticatedRequest,
} from '#libs/http';
import { EndsSession } from '../http/ends-session.decorator';
import { WithoutContext } from '../http/request-context.hook';
import { RequiresSession } from '../http/requires-session.decorator';
import { Limited, RequestAdmission } from '../limits/limited.decorator';
import { RATE_LIMIT_HEADERS } from '../limits/rate-limit-headers';
import { ETag, entityTagOf, versionsIn } from './profile-tag';
import { ChangePasswordDto, DeleteAccountDto, ProfileDto, UpdateProfileDto } from './profile.dto';

@ApiTags('Profile')
@Controller('auth/profile')
export class ProfileController {
  constructor(
    private readonly accounts: AccountService,
    private readonly passwords: PasswordChangeService,
    private readonly deletion: AccountDeletionService,
    private readonly avatars: AvatarService,
  ) {}

  @WithoutContext()
  @ReadsProfile()
  @Get()
  @ApiOperation({
    operationId: 'getProfile',
    summary: 'Read your profile',
    description: '`X-Cache` says whether the cache answered: the second call in a row is a `HIT`.',
  })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag of a copy.' })
  @ApiOkResponse({
    type: ProfileDto,
    headers: {
      ETag,
      'X-Cache': {
        description:
          'HIT: from the cache. MISS: from Postgres. BYPASS: the cache could not be used.',
        schema: { type: 'string', enum: ['HIT', 'MISS', 'BYPASS'] },
      },
    },
  })
  @ApiResponse({ status: 304, description: 'The copy is current. No body.', headers: { ETag } })
  @RequiresSession()
  async read(
    @Req() request: AuthenticatedRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProfileDto | undefined> {
    const { session, cachedProfile } = sessionOf(request);
    const read = await this.accounts.profile(session.userId, cachedProfile);
    const tag = entityTagOf(read);
    reply.header('x-cache', read.cache).header('etag', tag);
    if (isKnown(request.headers['if-none-match'], tag)) {
      reply.code(304);
      return undefined;
    }
    return read.profile;
  }

  @Limited('change')
  @Put()
  @ApiOperation({
    operationId: 'updateProfile',
    summary: 'Change your profile',
    description: 'Absent fields stay unchanged; null removes a field.',
  })
  @ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag of your copy. The profile is changed only if it still has this ETag.',
  })
  @ApiOkResponse({ type: ProfileDto, headers: { ETag, ...RATE_LIMIT_HEADERS } })
  @RequiresSession({
    problems: [
      'validation_failed',
      'malformed_json',
      'precondition_failed',
      'payload_too_large',
      'unsupported_media_type',
      'rate_limited',
    ],
  })
  async update(
    @CurrentSession() { session: { userId } }: Authenticated,
    @Headers('if-match') expected: string | undefined,
    @Body() change: UpdateProfileDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProfileDto> {
    const versions = versionsIn(expected, userId);
    const updated = await this.accounts.updateProfile(userId, change, versions);
    reply.header('etag', entityTagOf(updated));
    return updated.profile;
  }

  @Limited('password')
  @Put('password')
  @HttpCode(204)
  @EndsSession()
  @ApiOperation({
    operationId: 'changePassword',
    summary: 'Change your password',
    description: 'Revokes every session of the user, this one included. Sign in again.',
  })
  @ApiNoContentResponse({ description: 'The password is changed. Sign in again.' })
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
  async changePassword(
    @CurrentSession() { session }: Authenticated,
    @Body() { currentPassword, newPassword }: ChangePasswordDto,
    @RequestAdmission() admission: Admission,
  ): Promise<void> {
    const { userId } = session;
    await this.passwords.change(userId, currentPassword, newPassword, admission);
  }

  @Limited('password')
  @Delete()
  @HttpCode(204)
  @EndsSession()
  @ApiOperation({
    operationId: 'deleteAccount',
    summary: 'Delete your account',
    description: 'Deletes the account, its avatar and its sessions. This cannot be undone.',
  })
  @ApiNoContentResponse({ description: 'The account and its sessions are deleted.' })
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
  async delete(
    @CurrentSession() { session }: Authenticated,
    @Body() { currentPassword }: DeleteAccountDto,
    @RequestAdmission() admission: Admission,
  ): Promise<void> {
    const { userId } = session;
    const { avatarUrl } = await this.deletion.delete(userId, currentPassword, admission);
    await this.avatars.discard(avatarUrl);
  }
}
