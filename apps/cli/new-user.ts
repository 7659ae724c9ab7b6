import { IsOptional } from 'class-validator';
import {
  BodyValidationPipe,
  DISPLAY_NAME,
  IsEmailAddress,
  IsHumanText,
  IsNewPassword,
} from '#libs/http';

/** An account of the command line. The rules are those of the API for the same fields. */
class NewUser {
  @IsEmailAddress()
  email!: string;

  @IsOptional()
  @IsNewPassword()
  password?: string;

  @IsOptional()
  @IsHumanText(DISPLAY_NAME)
  displayName?: string;
}

/** @throws ValidationFailedError */
export async function readNewUser(fields: {
  [Field in keyof NewUser]: NewUser[Field] | undefined;
}) {
  const { email, password, displayName } = (await new BodyValidationPipe().transform(fields, {
    type: 'body',
    metatype: NewUser,
  })) as NewUser;
  return { email, password, displayName: displayName ?? null };
}
