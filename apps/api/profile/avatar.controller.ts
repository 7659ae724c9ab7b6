import { Controller, Delete, Get, Headers, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticated } from '#libs/auth';
import { AVATAR_FIELD, AvatarNotFoundError, AvatarService } from '#libs/avatar';
import { CurrentSession, isKnown, Public } from '#libs/http';
import { SessionRevokedError } from '#libs/session';
import { ApiProblems, UNREADABLE_BODY } from '../http/api-problems.decorator';
import { RequiresSession } from '../http/requires-session.decorator';
import { Limited } from '../limits/limited.decorator';
import { RATE_LIMIT_HEADERS } from '../limits/rate-limit-headers';
import { AvatarUploads } from './avatar-upload';
import { ETag, entityTagOf } from './profile-tag';
import { ProfileDto } from './profile.dto';

const BODY = {
  required: true,
  schema: {
    type: 'object',
    required: [AVATAR_FIELD],
    properties: {
      [AVATAR_FIELD]: {
        type: 'string',
        format: 'binary',
        description: 'JPEG, PNG, WebP, GIF or AVIF; at most 5 MiB and 25 million pixels.',
      },
    },
  },
};

@ApiTags('Profile')
@Controller()
export class AvatarController {
  constructor(
    private readonly avatars: AvatarService,
    private readonly uploads: AvatarUploads,
  ) {}

  @Limited('change')
  @Post('auth/profile/avatar')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'uploadAvatar',
    summary: 'Upload an avatar',
    description:
      'Replaces the avatar of your profile. `avatarUrl` of the answer names the new one.',
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody(BODY)
  @ApiOkResponse({ type: ProfileDto, headers: { ETag, ...RATE_LIMIT_HEADERS } })
  @RequiresSession({
    problems: [
      'validation_failed',
      'payload_too_large',
      'unsupported_media_type',
      'rate_limited',
      'overloaded',
    ],
  })
  async upload(
    @CurrentSession() { session }: Authenticated,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProfileDto> {
    const { userId } = session;
    const changed = await this.uploads.receive(userId, request, (content) =>
      this.avatars.replace(userId, content),
    );
    if (!changed) {
      throw new SessionRevokedError();
    }
    reply.header('etag', entityTagOf(changed));
    return changed.profile;
  }

  @Limited('change')
  @Delete('auth/profile/avatar')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'removeAvatar',
    summary: 'Remove your avatar',
    description: 'Sets `avatarUrl` of your profile to null.',
  })
  @ApiNoContentResponse({ description: 'The profile has no picture.' })
  @RequiresSession({ problems: [...UNREADABLE_BODY, 'rate_limited'] })
  async remove(@CurrentSession() { session }: Authenticated): Promise<void> {
    if (!(await this.avatars.remove(session.userId))) {
      throw new SessionRevokedError();
    }
  }

  /** A file name stands for one content for ever, so a client with a copy never has to revalidate it. */
  @Public()
  @Get('avatars/:file')
  @ApiOperation({
    operationId: 'getAvatar',
    summary: 'Read an avatar',
    description: 'At the path that `avatarUrl` of a profile names. The content never changes.',
  })
  @ApiParam({
    name: 'file',
    description: 'The last part of `avatarUrl`.',
    schema: { type: 'string', example: `${'0'.repeat(64)}-512.webp` },
  })
  @ApiOkResponse({
    description: 'WebP, 512 or 128 pixels per side.',
    content: { 'image/webp': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiResponse({ status: 304, description: 'The copy is current. No body.' })
  @ApiProblems('not_found', 'dependency_unavailable')
  async read(
    @Param('file') file: string,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const content = await this.avatars.read(file);
    if (!content) {
      throw new AvatarNotFoundError();
    }
    const tag = `"${file}"`;
    reply
      .header('etag', tag)
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('content-disposition', `inline; filename="${file}"`)
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('cross-origin-resource-policy', 'cross-origin');
    if (isKnown(known, tag)) {
      await reply.code(304).send();
    } else {
      await reply.type('image/webp').send(content);
    }
  }
}
