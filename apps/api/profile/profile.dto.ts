import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '#libs/auth';
import {
  BIO,
  DISPLAY_NAME,
  IsHumanText,
  IsNewPassword,
  IsPresentedPassword,
  MAX_PRESENTED_PASSWORD_BYTES,
  maxCodeUnits,
  NEW_PASSWORD,
  PRESENTED_PASSWORD,
} from '#libs/http';
import { ROLES } from '#libs/user';

export class ProfileDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'email', example: 'ada@example.com' })
  email!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Ada Lovelace' })
  displayName!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Analyst of engines.' })
  bio!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  avatarUrl!: string | null;

  @ApiProperty({ enum: ROLES, example: 'user' })
  role!: string;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  updatedAt!: string;
}

export class UpdateProfileDto {
  @ApiProperty({
    type: String,
    required: false,
    nullable: true,
    maxLength: maxCodeUnits(DISPLAY_NAME),
    description: `At most ${DISPLAY_NAME.maxCharacters} characters as people count them, in one line. Absent: unchanged. null: removed.`,
    example: 'Ada Lovelace',
  })
  @IsOptional()
  @IsHumanText(DISPLAY_NAME)
  displayName?: string | null;

  @ApiProperty({
    type: String,
    required: false,
    nullable: true,
    maxLength: maxCodeUnits(BIO),
    description: `At most ${BIO.maxCharacters} characters as people count them. Absent: unchanged. null: removed.`,
    example: 'Analyst of engines.',
  })
  @IsOptional()
  @IsHumanText(BIO)
  bio?: string | null;
}

export class DeleteAccountDto {
  @ApiProperty({
    format: 'password',
    minLength: 1,
    maxLength: MAX_PRESENTED_PASSWORD_BYTES,
    description: PRESENTED_PASSWORD,
    example: 'the password of your account',
  })
  @IsPresentedPassword()
  currentPassword!: string;
}

export class ChangePasswordDto {
  @ApiProperty({
    format: 'password',
    minLength: 1,
    maxLength: MAX_PRESENTED_PASSWORD_BYTES,
    description: PRESENTED_PASSWORD,
    example: 'correct horse battery staple',
  })
  @IsPresentedPassword()
  currentPassword!: string;

  @ApiProperty({
    format: 'password',
    minLength: MIN_PASSWORD_LENGTH,
    maxLength: MAX_PASSWORD_LENGTH,
    description: NEW_PASSWORD,
    example: 'a brighter horse battery staple',
  })
  @IsNewPassword()
  newPassword!: string;
}
