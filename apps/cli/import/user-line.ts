import { IsBoolean, IsIn, IsOptional, IsString, ValidateBy } from 'class-validator';
import { checkImportedHash, UnusableHashError } from '#libs/auth';
import { InternalError, ValidationFailedError } from '#libs/common';
import {
  BodyValidationPipe,
  DISPLAY_NAME,
  IsEmailAddress,
  IsHumanText,
  MalformedJsonError,
  parseJson,
} from '#libs/http';
import { ROLES, type ImportedUser, type Role } from '#libs/user';

/** A line of an import. The rules are those of the API for the same fields. */
class UserLine {
  @IsEmailAddress()
  email!: string;

  @IsString()
  @IsImportableHash()
  passwordHash!: string;

  @IsOptional()
  @IsHumanText(DISPLAY_NAME)
  displayName?: string | null;

  @IsOptional()
  @IsIn(ROLES)
  role?: Role | null;

  @IsOptional()
  @IsBoolean()
  disabled?: boolean | null;
}

/** Why a line is invalid; never quotes its hash. */
export class BadLineError extends InternalError {}

const rules = new BodyValidationPipe();

/** @throws BadLineError */
export async function readUserLine(line: Buffer): Promise<ImportedUser> {
  try {
    const user = (await rules.transform(parseJson(line), {
      type: 'body',
      metatype: UserLine,
    })) as UserLine;
    const { email, passwordHash, displayName, role, disabled } = user;
    return {
      email,
      passwordHash,
      displayName: displayName ?? null,
      role: role ?? 'user',
      disabled: disabled ?? false,
    };
  } catch (error) {
    throw new BadLineError(problemOf(error));
  }
}

function problemOf(error: unknown): string {
  if (error instanceof ValidationFailedError) {
    return error.errors.flatMap(({ messages }) => messages).join('; ');
  }
  if (error instanceof MalformedJsonError) {
    return error.message.replace(/^The body/, 'the line').replace(/\.$/, '');
  }
  throw error;
}

function IsImportableHash() {
  return ValidateBy({
    name: 'isImportableHash',
    validator: {
      validate: (value) => hashProblem(value) === null,
      defaultMessage: (about) => `$property ${hashProblem(about?.value) ?? ''}`,
    },
  });
}

function hashProblem(value: unknown): string | null {
  try {
    checkImportedHash(typeof value === 'string' ? value : '');
    return null;
  } catch (error) {
    if (error instanceof UnusableHashError) {
      return error.message;
    }
    throw error;
  }
}
