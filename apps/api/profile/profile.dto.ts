import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { ROLES } from '#libs/user';
import { DISPLAY_NAME, IsHumanText, maxCodeUnits, type HumanText } from '../http/human-text';
import {
  IsNewPassword,
  IsPresentedPassword,
  MAX_PRESENTED_PASSWORD_BYTES,
  NEW_PASSWORD,
  PRESENTED_PASSWORD,
} from '../http/text.validators';

const BIO: HumanText = { maxCharacters: 2000, multiline: true };

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
    description:
      'At most 80 characters as people count them, in one line. Absent: unchanged. null: removed.',
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
    description: 'At most 2000 characters as people count them. Absent: unchanged. null: removed.',
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
    minLength: 8,
    maxLength: 128,
    description: NEW_PASSWORD,
    example: 'a brighter horse battery staple',
  })
  @IsNewPassword()
  newPassword!: string;
}
