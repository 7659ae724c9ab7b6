import { ATTRIBUTE_NAME, ValidationFailedError } from '#libs/common';

export type AttributeValue = string | number | boolean;

/** Data of the application about a session: flat, with typed values, at most 1 KiB as JSON. */
export type SessionAttributes = Readonly<Record<string, AttributeValue>>;

export const MAX_ATTRIBUTES_BYTES = 1024;

const RULES = {
  object: 'attributes must be a JSON object',
  name: 'attributes must have names of 1 to 64 letters, digits, "_" and "-" that begin with a letter',
  value: 'attributes must have values that are strings, finite numbers or booleans',
  text: 'attributes must have strings of complete characters, without U+0000',
  size: `attributes must have at most ${MAX_ATTRIBUTES_BYTES} bytes as JSON`,
} as const;

/**
 * The attributes in a value of any origin.
 * @throws ValidationFailedError that names the rules it breaks, never its content.
 */
export function parseAttributes(value: unknown): SessionAttributes {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal(['object']);
  }
  const broken = new Set<keyof typeof RULES>();
  const entries = Object.entries(value);
  for (const [name, one] of entries) {
    if (!ATTRIBUTE_NAME.test(name)) {
      broken.add('name');
    }
    if (!isAttributeValue(one)) {
      broken.add('value');
    } else if (typeof one === 'string' && !isStorable(one)) {
      broken.add('text');
    }
  }
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_ATTRIBUTES_BYTES) {
    broken.add('size');
  }
  if (broken.size > 0) {
    throw refusal([...broken]);
  }
  return Object.fromEntries(entries);
}

function isAttributeValue(value: unknown): value is AttributeValue {
  return typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value === 'string' || typeof value === 'boolean';
}

/** Postgres and UTF-8 have neither U+0000 nor half of a surrogate pair. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function refusal(rules: readonly (keyof typeof RULES)[]): ValidationFailedError {
  return new ValidationFailedError([
    { field: 'attributes', messages: rules.map((rule) => RULES[rule]) },
  ]);
}
