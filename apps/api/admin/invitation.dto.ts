import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsEmailAddress } from '#libs/http';
import { MAX_EMAIL_LENGTH, ROLES, type Role } from '#libs/user';
import { OrAbsent } from '../http/absent.decorator';
import { AdminUserDto } from './admin.dto';

const MIN_TTL_SECONDS = 60;
/** 90 days. */
const MAX_TTL_SECONDS = 7_776_000;

export class CreateInvitationDto {
  @ApiProperty({
    type: String,
    format: 'email',
    required: false,
    nullable: true,
    maxLength: MAX_EMAIL_LENGTH,
    description: 'The only address that may use it. Absent: any address.',
    example: 'alan@example.com',
  })
  @IsOptional()
  @IsEmailAddress()
  email?: string | null;

  @ApiProperty({
    required: false,
    enum: ROLES,
    default: 'user',
    description: 'Of the account that it creates.',
    example: 'user',
  })
  @OrAbsent()
  @IsIn(ROLES)
  role?: Role;

  @ApiProperty({
    type: 'integer',
    required: false,
    minimum: MIN_TTL_SECONDS,
    maximum: MAX_TTL_SECONDS,
    default: 604_800,
    description: 'Seconds until it expires.',
    example: 604_800,
  })
  @OrAbsent()
  @IsInt()
  @Min(MIN_TTL_SECONDS)
  @Max(MAX_TTL_SECONDS)
  expiresIn?: number;
}

export class IssuedInvitationDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({
    description: 'For `invitation` of register. It is shown only here, and can be used once.',
    example: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I',
  })
  code!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;
}

export class InvitationDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({
    type: String,
    format: 'email',
    nullable: true,
    description: 'The only address that may use it; null: any address.',
    example: 'ada@example.com',
  })
  email!: string | null;

  @ApiProperty({ enum: ROLES, example: 'user' })
  role!: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The account that it gives a password; null: it creates an account.',
    example: null,
  })
  userId!: string | null;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;
}

export class InvitationListDto {
  @ApiProperty({ type: [InvitationDto] })
  invitations!: InvitationDto[];

  @ApiProperty({ type: String, nullable: true, description: 'null: this was the last page.' })
  nextCursor!: string | null;
}

export class CreatedUserDto extends AdminUserDto {
  @ApiProperty({
    type: IssuedInvitationDto,
    required: false,
    description: 'With this the user chooses a password. Absent where the call has set one.',
  })
  invitation?: IssuedInvitationDto;
}
