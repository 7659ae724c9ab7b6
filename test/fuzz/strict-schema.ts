import type { Schema } from '../support/open-api';

/**
 * A stricter copy of a schema: an object has the members that it or a schema it refers to
 * names and no other, unless it allows them.
 */
export function strictSchema(schema: Schema): object {
  const { $ref, properties, allOf, anyOf, oneOf } = schema;
  return {
    ...innerSchema(schema),
    ...(($ref ?? properties ?? allOf ?? anyOf ?? oneOf) && { unevaluatedProperties: false }),
  };
}

/** A schema that is a part of another, whose members may be named beside it: only its parts are strict. */
export function innerSchema(schema: Schema): object {
  const { properties, items, allOf, anyOf, oneOf } = schema;
  return {
    ...schema,
    ...(items && { items: strictSchema(items) }),
    ...(allOf && { allOf: allOf.map(innerSchema) }),
    ...(anyOf && { anyOf: anyOf.map(innerSchema) }),
    ...(oneOf && { oneOf: oneOf.map(innerSchema) }),
    ...(properties && { properties: mapValues(properties, strictSchema) }),
  };
}

export function mapValues<From, To>(
  object: Record<string, From>,
  map: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]));
}
