import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, ValidateIf } from 'class-validator';
import { ROLES, type Role } from '#libs/user';
import { ProfileDto } from '../profile/profile.dto';

export class ChangeAccountDto {
  @ApiProperty({ required: false, description: 'true: the user cannot sign in.', example: false })
  @ValidateIf(({ disabled }: ChangeAccountDto) => disabled !== undefined)
  @IsBoolean()
  disabled?: boolean;

  @ApiProperty({ required: false, enum: ROLES, example: 'user' })
  @ValidateIf(({ role }: ChangeAccountDto) => role !== undefined)
  @IsIn(ROLES)
  role?: Role;
}

export class AccountDto extends ProfileDto {
  @ApiProperty({ description: 'true: the user cannot sign in.', example: false })
  disabled!: boolean;
}
