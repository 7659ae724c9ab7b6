import { Body, Controller, Delete, Get, HttpCode, Put, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AccountService, AuthService, type Authenticated } from '#libs/auth';
import { CurrentSession, ReadsProfile } from '#libs/http';
import { ApiProtected } from '../http/api-problems.decorator';
import { ChangePasswordDto, DeleteAccountDto, ProfileDto, UpdateProfileDto } from './profile.dto';

@ApiTags('Profile')
@ApiBearerAuth()
@Controller('auth/profile')
export class ProfileController {
  constructor(
    private readonly accounts: AccountService,
    private readonly auth: AuthService,
  ) {}

  @ReadsProfile()
  @Get()
  @ApiOperation({ summary: 'Read your profile' })
  @ApiOkResponse({
    type: ProfileDto,
    headers: {
      'X-Cache': {
        description: 'Whether the cache answered; BYPASS: it could not be used.',
        schema: { type: 'string', enum: ['HIT', 'MISS', 'BYPASS'] },
      },
    },
  })
  @ApiProtected()
  async read(
    @CurrentSession() { session, profileEntry }: Authenticated,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProfileDto> {
    const { profile, cache } = await this.accounts.profile(session.userId, profileEntry);
    reply.header('x-cache', cache);
    return profile;
  }

  @Put()
  @ApiOperation({ summary: 'Change your profile' })
  @ApiOkResponse({ type: ProfileDto })
  @ApiProtected(
    'validation_failed',
    'malformed_json',
    'payload_too_large',
    'unsupported_media_type',
  )
  async update(
    @CurrentSession() { session }: Authenticated,
    @Body() change: UpdateProfileDto,
  ): Promise<ProfileDto> {
    return this.accounts.updateProfile(session.userId, change);
  }

  @Put('password')
  @HttpCode(204)
  @ApiOperation({ summary: 'Change your password; every session of yours ends, this one too' })
  @ApiNoContentResponse({ description: 'Changed. Sign in again.' })
  @ApiProtected(
    'validation_failed',
    'malformed_json',
    'invalid_credentials',
    'payload_too_large',
    'unsupported_media_type',
  )
  async changePassword(
    @CurrentSession() { session }: Authenticated,
    @Body() { currentPassword, newPassword }: ChangePasswordDto,
  ): Promise<void> {
    await this.auth.changePassword(session.userId, currentPassword, newPassword);
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete your account with everything in it' })
  @ApiNoContentResponse({ description: 'Account and sessions are gone.' })
  @ApiProtected(
    'validation_failed',
    'malformed_json',
    'invalid_credentials',
    'payload_too_large',
    'unsupported_media_type',
  )
  async delete(
    @CurrentSession() { session }: Authenticated,
    @Body() { currentPassword }: DeleteAccountDto,
  ): Promise<void> {
    await this.auth.deleteAccount(session.userId, currentPassword);
  }
}
