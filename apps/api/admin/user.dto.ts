import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from '#libs/auth';
import {
  DISPLAY_NAME,
  IsEmailAddress,
  IsHumanText,
  IsNewPassword,
  IsStorableText,
  maxCodeUnits,
  NEW_PASSWORD,
} from '#libs/http';
import { MAX_EMAIL_LENGTH, ROLES, type Role } from '#libs/user';
import { OrAbsent } from '../http/absent.decorator';
import { PageQueryDto } from '../http/page-query.dto';
import { AdminUserDto } from './admin.dto';

/** Longer than a cursor with a name of 64 characters of 4 bytes. */
const MAX_CURSOR_LENGTH = 500;
const MAX_PREFIX_LENGTH = 254;

export class UserQueryDto extends PageQueryDto {
  @ApiProperty({ required: false, format: 'email', description: 'The whole address, in any case.' })
  @IsOptional()
  @IsEmailAddress()
  email?: string;

  @ApiProperty({
    required: false,
    minLength: 1,
    maxLength: MAX_PREFIX_LENGTH,
    description:
      'What the address or the display name begins with, in any case. Not together with `email`.',
  })
  @IsOptional()
  @IsString()
  @Length(1, MAX_PREFIX_LENGTH)
  @IsStorableText()
  q?: string;

  @ApiProperty({ required: false, enum: ROLES })
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @ApiProperty({
    required: false,
    type: Boolean,
    description: 'true: accounts that cannot sign in now; false: the others.',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => BOOLEANS.get(value) ?? value)
  @IsBoolean()
  disabled?: boolean;

  @ApiProperty({ required: false, description: '`nextCursor` of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_CURSOR_LENGTH)
  declare cursor?: string;
}

const BOOLEANS = new Map<unknown, boolean>([
  ['true', true],
  ['false', false],
]);

export class CreateUserDto {
  @ApiProperty({ format: 'email', maxLength: MAX_EMAIL_LENGTH, example: 'grace@example.com' })
  @IsEmailAddress()
  email!: string;

  @ApiProperty({
    required: false,
    format: 'password',
    minLength: MIN_PASSWORD_LENGTH,
    maxLength: MAX_PASSWORD_LENGTH,
    description: `Absent: the answer has an invitation with which the user chooses it. ${NEW_PASSWORD}`,
    example: 'correct horse battery staple',
  })
  @OrAbsent()
  @IsNewPassword()
  password?: string;

  @ApiProperty({
    type: String,
    required: false,
    nullable: true,
    maxLength: maxCodeUnits(DISPLAY_NAME),
    description: `At most ${DISPLAY_NAME.maxCharacters} characters as people count them, in one line.`,
    example: 'Grace Hopper',
  })
  @IsOptional()
  @IsHumanText(DISPLAY_NAME)
  displayName?: string | null;

  @ApiProperty({ required: false, enum: ROLES, default: 'user', example: 'user' })
  @OrAbsent()
  @IsIn(ROLES)
  role?: Role;
}

export class UserListDto {
  @ApiProperty({ type: [AdminUserDto] })
  users!: AdminUserDto[];

  @ApiProperty({ type: String, nullable: true, description: 'null: this was the last page.' })
  nextCursor!: string | null;
}
