import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsHumanText, IsNewPassword, IsPresentedPassword } from '../http/text.validators';

export const DISPLAY_NAME_MAX_LENGTH = 80;
const BIO_MAX_LENGTH = 2000;

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

  @ApiProperty({ example: 'user' })
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
    maxLength: DISPLAY_NAME_MAX_LENGTH,
    description: 'Absent: unchanged. null: removed.',
    example: 'Ada Lovelace',
  })
  @IsOptional()
  @IsHumanText(DISPLAY_NAME_MAX_LENGTH)
  displayName?: string | null;

  @ApiProperty({
    type: String,
    required: false,
    nullable: true,
    maxLength: BIO_MAX_LENGTH,
    description: 'Absent: unchanged. null: removed.',
    example: 'Analyst of engines.',
  })
  @IsOptional()
  @IsHumanText(BIO_MAX_LENGTH)
  bio?: string | null;
}

export class DeleteAccountDto {
  @ApiProperty({ format: 'password', maxLength: 128, example: 'correct horse battery staple' })
  @IsPresentedPassword()
  currentPassword!: string;
}

export class ChangePasswordDto {
  @ApiProperty({ format: 'password', maxLength: 128, example: 'correct horse battery staple' })
  @IsPresentedPassword()
  currentPassword!: string;

  @ApiProperty({
    format: 'password',
    minLength: 8,
    maxLength: 128,
    example: 'a brighter horse battery staple',
  })
  @IsNewPassword()
  newPassword!: string;
}
