import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { ACCOUNT_REASON, IsFutureInstant, IsHumanText, maxCodeUnits } from '#libs/http';
import { ROLES, type Role } from '#libs/user';
import { OrAbsent } from '../http/absent.decorator';
import { ProfileDto } from '../profile/profile.dto';

export class ChangeAccountDto {
  @ApiProperty({
    required: false,
    description:
      'true: the user cannot sign in. It replaces an earlier disabling, with its end and reason.',
    example: false,
  })
  @OrAbsent()
  @IsBoolean()
  disabled?: boolean;

  @ApiProperty({
    type: String,
    format: 'date-time',
    required: false,
    nullable: true,
    description:
      'With `disabled: true`: the instant at which the disabling ends by itself, with a time zone. Absent or null: it has no end.',
    example: null,
  })
  @IsOptional()
  @IsFutureInstant()
  disabledUntil?: string | null;

  @ApiProperty({
    type: String,
    required: false,
    nullable: true,
    maxLength: maxCodeUnits(ACCOUNT_REASON),
    description: `With \`disabled: true\`: for administrators; the user does not see it. At most ${ACCOUNT_REASON.maxCharacters} characters, in one line.`,
    example: null,
  })
  @IsOptional()
  @IsHumanText(ACCOUNT_REASON)
  disabledReason?: string | null;

  @ApiProperty({ required: false, enum: ROLES, example: 'user' })
  @OrAbsent()
  @IsIn(ROLES)
  role?: Role;
}

export class AdminUserDto extends ProfileDto {
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'null: the account is enabled.',
    example: null,
  })
  disabledAt!: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the disabling ends by itself; null: it has no end.',
    example: null,
  })
  disabledUntil!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  disabledReason!: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'null: the user has not signed in since this is recorded.',
  })
  lastSignInAt!: string | null;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    maximum: 1000,
    description: 'Number of live sessions, counted up to 1,000.',
    example: 2,
  })
  activeSessions!: number;
}
