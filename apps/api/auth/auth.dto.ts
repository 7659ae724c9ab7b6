import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, Length, ValidateIf } from 'class-validator';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '#libs/auth';
import {
  DISPLAY_NAME,
  IsEmailAddress,
  IsHumanText,
  IsNewPassword,
  IsPresentedPassword,
  MAX_PRESENTED_PASSWORD_BYTES,
  maxCodeUnits,
  NEW_PASSWORD,
  PRESENTED_PASSWORD,
} from '#libs/http';
import { MAX_EMAIL_LENGTH } from '#libs/user';
import { ProfileDto } from '../profile/profile.dto';

const EMAIL = 'ada@example.com';
/** Longer than any code. */
const MAX_INVITATION_LENGTH = 128;
const PASSWORD = 'correct horse battery staple';

function RememberProperty() {
  return applyDecorators(
    ApiProperty({
      type: Boolean,
      required: false,
      description: 'true: the session gets the longer lifetime of `REMEMBER_TTL`.',
      example: false,
    }),
    ValidateIf(({ remember }: { remember?: unknown }) => remember !== undefined),
    IsBoolean(),
  );
}

export class RegisterDto {
  @ApiProperty({ format: 'email', maxLength: MAX_EMAIL_LENGTH, example: EMAIL })
  @IsEmailAddress()
  email!: string;

  @ApiProperty({
    format: 'password',
    minLength: MIN_PASSWORD_LENGTH,
    maxLength: MAX_PASSWORD_LENGTH,
    description: NEW_PASSWORD,
    example: PASSWORD,
  })
  @IsNewPassword()
  password!: string;

  @ApiProperty({
    type: String,
    required: false,
    nullable: true,
    maxLength: maxCodeUnits(DISPLAY_NAME),
    description: `At most ${DISPLAY_NAME.maxCharacters} characters as people count them, in one line.`,
    example: 'Ada Lovelace',
  })
  @IsOptional()
  @IsHumanText(DISPLAY_NAME)
  displayName?: string | null;

  @ApiProperty({
    type: String,
    required: false,
    nullable: true,
    maxLength: MAX_INVITATION_LENGTH,
    description: 'The code of an invitation. Required where `REGISTRATION` is `invite`.',
    example: null,
  })
  @IsOptional()
  @IsString()
  @Length(1, MAX_INVITATION_LENGTH)
  invitation?: string | null;

  @RememberProperty()
  remember?: boolean;
}

export class LoginDto {
  @ApiProperty({ format: 'email', maxLength: MAX_EMAIL_LENGTH, example: EMAIL })
  @IsEmailAddress()
  email!: string;

  @ApiProperty({
    format: 'password',
    minLength: 1,
    maxLength: MAX_PRESENTED_PASSWORD_BYTES,
    description: PRESENTED_PASSWORD,
    example: PASSWORD,
  })
  @IsPresentedPassword()
  password!: string;

  @RememberProperty()
  remember?: boolean;
}

export class ReauthenticateDto {
  @ApiProperty({
    format: 'password',
    minLength: 1,
    maxLength: MAX_PRESENTED_PASSWORD_BYTES,
    description: PRESENTED_PASSWORD,
    example: PASSWORD,
  })
  @IsPresentedPassword()
  password!: string;
}

export class ReauthenticatedDto {
  @ApiProperty({ format: 'date-time', description: 'When the proof was taken.' })
  authenticatedAt!: string;
}

export class RefreshDto {
  @ApiProperty({
    description: 'From the last AuthResult. Valid for one use.',
    example: '3f2b8c1e-5a8e-4a37-9b1f-0d8a0f2f7c11.c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I',
  })
  @IsString()
  @Length(1, 256)
  refreshToken!: string;
}

export class SessionSummaryDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;
}

export class AuthResultDto {
  @ApiProperty({ description: 'JWT. Send it as `Authorization: Bearer`.' })
  accessToken!: string;

  @ApiProperty({ enum: ['Bearer'] })
  tokenType!: 'Bearer';

  @ApiProperty({
    type: 'integer',
    description: 'Seconds until the access token expires.',
    example: 86_400,
  })
  expiresIn!: number;

  @ApiProperty({ description: 'Opaque. Keep it secret. It is valid for one use.' })
  refreshToken!: string;

  @ApiProperty({
    type: 'integer',
    description: 'Seconds until refresh token and session expire.',
    example: 86_400,
  })
  refreshExpiresIn!: number;

  @ApiProperty({ type: SessionSummaryDto })
  session!: SessionSummaryDto;

  @ApiProperty({ type: ProfileDto })
  user!: ProfileDto;
}

export class RevokedSessionsDto {
  @ApiProperty({
    type: 'integer',
    description: 'Number of sessions that were revoked.',
    example: 3,
  })
  revokedSessions!: number;
}
