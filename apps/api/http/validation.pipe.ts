import { Injectable, ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { ValidationFailedError, type FieldError } from '#libs/common';

/** Checks bodies against their DTO class: unknown fields are refused, nothing is converted. */
@Injectable()
export class BodyValidationPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => new ValidationFailedError(errors.map(toFieldError)),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && value !== undefined && !isObject(value)) {
      throw new ValidationFailedError([
        { field: 'body', messages: ['body must be a JSON object'] },
      ]);
    }
    return super.transform(value, metadata);
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toFieldError({ property, constraints }: ValidationError): FieldError {
  return { field: property, messages: Object.values(constraints ?? {}) };
}
