import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, Length } from 'class-validator';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '#libs/auth';
import {
  BODY_MAY_BE_ABSENT,
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
import { OrAbsent } from '../http/absent.decorator';
import { ProfileDto } from '../profile/profile.dto';

const EMAIL = 'ada@example.com';
/** Longer than any code. */
const MAX_INVITATION_LENGTH = 128;
const PASSWORD = 'correct horse battery staple';

/** A choice of the client; absent means false. */
function ChoiceProperty(description: string) {
  return applyDecorators(
    ApiProperty({ type: Boolean, required: false, description, example: false }),
    OrAbsent(),
    IsBoolean(),
  );
}

const REMEMBER = 'true: the session gets the longer lifetime of `REMEMBER_TTL`.';
const COOKIES =
  'true: the tokens come in cookies that no script can read, and not in the body. Needs `COOKIES=on`.';

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

  @ChoiceProperty(REMEMBER)
  remember?: boolean;

  @ChoiceProperty(COOKIES)
  cookies?: boolean;
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

  @ChoiceProperty(REMEMBER)
  remember?: boolean;

  @ChoiceProperty(COOKIES)
  cookies?: boolean;
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
  static readonly [BODY_MAY_BE_ABSENT] = true;

  @ApiProperty({
    required: false,
    description: 'From the last AuthResult. Valid for one use. Absent: the cookies bring it.',
    example: '3f2b8c1e-5a8e-4a37-9b1f-0d8a0f2f7c11.c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I',
  })
  @OrAbsent()
  @IsString()
  @Length(1, 256)
  refreshToken?: string;
}

export class SessionSummaryDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;
}

/** Absent in an answer to a client that has asked for cookies. */
const IN_BODY = { required: false };

export class AuthResultDto {
  @ApiProperty({
    ...IN_BODY,
    description: 'JWT. Send it as `Authorization: Bearer`. Absent where a cookie has it.',
  })
  accessToken!: string;

  @ApiProperty({ ...IN_BODY, enum: ['Bearer'], description: 'Absent without `accessToken`.' })
  tokenType!: 'Bearer';

  @ApiProperty({
    type: 'integer',
    description: 'Seconds until the access token expires.',
    example: 86_400,
  })
  expiresIn!: number;

  @ApiProperty({
    ...IN_BODY,
    description: 'Opaque. Keep it secret. It is valid for one use. Absent where a cookie has it.',
  })
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

/** The answer where cookies have the tokens. */
export type CookieResult = Omit<AuthResultDto, 'accessToken' | 'tokenType' | 'refreshToken'>;

export class RevokedSessionsDto {
  @ApiProperty({
    type: 'integer',
    description: 'Number of sessions that were revoked.',
    example: 3,
  })
  revokedSessions!: number;
}
