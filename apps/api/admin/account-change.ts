import { ValidationFailedError } from '#libs/common';
import type { AccountChange } from '#libs/user';
import type { ChangeAccountDto } from './admin.dto';

/** @throws ValidationFailedError for a change of nothing, and for the end or the reason of no disabling. */
export function toAccountChange(dto: ChangeAccountDto): AccountChange {
  const { disabled, disabledUntil = null, disabledReason = null, role } = dto;
  if (disabled === undefined && role === undefined) {
    throw refusal('body', 'must name disabled or role');
  }
  if (!disabled && disabledUntil !== null) {
    throw refusal('disabledUntil', 'must come with disabled: true');
  }
  if (!disabled && disabledReason !== null) {
    throw refusal('disabledReason', 'must come with disabled: true');
  }
  return {
    ...(disabled !== undefined && { disabled }),
    ...(disabledUntil !== null && { disabledUntil: new Date(disabledUntil) }),
    ...(disabledReason !== null && { disabledReason }),
    ...(role !== undefined && { role }),
  };
}

function refusal(field: string, problem: string): ValidationFailedError {
  return new ValidationFailedError([{ field, messages: [`${field} ${problem}`] }]);
}
