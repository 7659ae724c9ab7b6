import type { Schema } from '../support/open-api';

/**
 * A schema of OpenAPI 3.0 as JSON Schema, and stricter than it is written: an object has the members
 * that it names and no other, unless it says that it may.
 */
export function strictSchema({ nullable, ...schema }: Schema): object {
  if (nullable) {
    return { anyOf: [strictSchema(schema), { type: 'null' }] };
  }
  const { properties, items, allOf, additionalProperties } = schema;
  return {
    ...schema,
    ...(items && { items: strictSchema(items) }),
    ...(allOf && { allOf: allOf.map(strictSchema) }),
    ...(properties && {
      properties: mapValues(properties, strictSchema),
      additionalProperties: additionalProperties ?? false,
    }),
  };
}

export function mapValues<From, To>(
  object: Record<string, From>,
  map: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}
