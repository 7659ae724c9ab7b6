import fc from 'fast-check';
import { isNullable, typeOf, type OpenApi, type Schema } from '../support/open-api';

/** Stands for a value of the caller: their address, password, token. Filled in when it is sent. */
export const OWN = '@own';

/** Unusual text: combining marks, controls, surrogates, other scripts. */
export const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\ud800',
    '\udfff\ud800',
    '\ufeff',
    '\u202e',
    '\u200b',
    '\r\n',
    '\x1b[31m',
  ),
  fc.constantFrom(
    'null',
    'undefined',
    'NaN',
    '-0',
    '1e999',
    '[object Object]',
    '__proto__',
    '${1}',
    '%s',
  ),
);

/** Values that the schema allows, as far as it defines them. */
export function valuesOf(api: OpenApi, named: Schema): fc.Arbitrary<unknown> {
  const schema = api.follow(named);
  return isNullable(named)
    ? fc.oneof({ weight: 4, arbitrary: notNull(api, schema) }, fc.constant(null))
    : notNull(api, schema);
}

function notNull(api: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum) {
    return fc.constantFrom(...schema.enum.filter((value) => value !== null));
  }
  switch (typeOf(schema)) {
    case 'boolean':
      return fc.boolean();
    case 'number':
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1000 });
    case 'array':
      return fc.array(valuesOf(api, schema.items ?? {}), { maxLength: 3 });
    case 'object':
      return fieldsOf(api, schema);
    default:
      return textOf(schema);
  }
}

/** Objects with all that is required and some of the rest. */
export function fieldsOf(api: OpenApi, schema: Schema): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {}, required = [] } = schema;
  const values = Object.entries(properties)
    .filter(([, { format }]) => format !== 'binary')
    .map(([name, property]): [string, fc.Arbitrary<unknown>] => [name, ownOr(api, property)]);
  return fc.record(Object.fromEntries(values), {
    requiredKeys: required.filter((name) => values.some(([known]) => known === name)),
  });
}

function ownOr(api: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(OWN) }, valuesOf(api, schema));
}

function textOf({ format, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> {
  switch (format) {
    case 'email':
      return fc.emailAddress();
    case 'uuid':
      return fc.uuid();
    case 'date-time':
      return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
    default:
      return fc
        .string({ minLength, maxLength, unit: 'grapheme', size: 'medium' })
        .filter((text) => text.length <= maxLength);
  }
}
