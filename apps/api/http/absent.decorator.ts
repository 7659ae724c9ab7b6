import { ValidateIf } from 'class-validator';

/** The field may be absent. Unlike `IsOptional`, which accepts null too, for fields that null would not clear. */
export const OrAbsent = () => ValidateIf((_object, value: unknown) => value !== undefined);
