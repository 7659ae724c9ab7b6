import { Injectable, ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { ValidationFailedError, type FieldError } from '#libs/common';
import { boundedErrors, refuseManyFields } from './field-errors';

/** Validates bodies against their DTO class: unknown fields are refused, no value is converted. */
@Injectable()
export class BodyValidationPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) =>
        new ValidationFailedError(boundedErrors(errors.map(toFieldError))),
    });
  }

  override async transform(given: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const value = given === undefined && mayBeAbsent(metadata) ? {} : given;
    if (metadata.type !== 'body') {
      if (metadata.type === 'query' && isObject(value)) {
        refuseManyFields(Object.keys(value).length, 'query');
      }
      return super.transform(value, metadata);
    }
    if (value !== undefined) {
      checkShape(value);
    }
    const checked: unknown = await super.transform(value, metadata);
    if (value === undefined) {
      throw new ValidationFailedError([NO_OBJECT]);
    }
    return checked;
  }
}

/** Marks a class of bodies: a request without a body counts as one with an empty object. */
export const BODY_MAY_BE_ABSENT = Symbol('latchkey:body-may-be-absent');

function mayBeAbsent({ type, metatype }: ArgumentMetadata): boolean {
  return type === 'body' && metatype !== undefined && BODY_MAY_BE_ABSENT in metatype;
}

const NO_OBJECT: FieldError = { field: 'body', messages: ['body must be a JSON object'] };

/**
 * class-validator accepts names that every object inherits, such as `constructor`, as known fields, and silently drops
 * `prototype`.
 */
function checkShape(value: unknown): void {
  if (!isObject(value)) {
    throw new ValidationFailedError([NO_OBJECT]);
  }
  const names = Object.keys(value);
  refuseManyFields(names.length, 'body');
  const reaching = names.filter((name) => name in Object.prototype || name === 'prototype');
  if (reaching.length > 0) {
    throw new ValidationFailedError(
      reaching.map((field) => ({ field, messages: [`property ${field} should not exist`] })),
    );
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toFieldError({ property, constraints }: ValidationError): FieldError {
  return { field: property, messages: Object.values(constraints ?? {}) };
}
