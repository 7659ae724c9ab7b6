import { isUtf8 } from 'node:buffer';
import secureJson from 'secure-json-parse';
import { DomainError } from '#libs/common';

const MAX_DEPTH = 16;
/** Members of all objects and elements of all arrays. The largest body of the API has four. */
const MAX_VALUES = 256;
const TOO_MANY_VALUES = 'The body has too many values.';

const [QUOTE, BACKSLASH, ...MARKS] = Buffer.from('"\\,[{');

/** The body is not JSON, or exceeds a limit. */
export class MalformedJsonError extends DomainError {
  readonly code = 'malformed_json';
}

/**
 * @returns undefined for an empty body, which some clients send with a content type.
 * @throws MalformedJsonError
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) {
    return undefined;
  }
  if (!isUtf8(body)) {
    throw new MalformedJsonError('The body is not valid UTF-8.');
  }
  if (hasManyMarks(body)) {
    throw new MalformedJsonError(TOO_MANY_VALUES);
  }
  let parsed: unknown;
  try {
    parsed = secureJson.parse(body.toString('utf8'), {
      protoAction: 'error',
      constructorAction: 'error',
    });
  } catch {
    throw new MalformedJsonError('The body is not valid JSON.');
  }
  refuseExcess(parsed);
  return parsed;
}

/**
 * Whether there are more commas and opening brackets than `MAX_VALUES` values can have. Checked before parsing, which
 * is slow for thousands of distinct keys.
 */
function hasManyMarks(body: Buffer): boolean {
  let marks = 0;
  let isInString = false;
  for (let at = 0; at < body.length && marks <= 2 * MAX_VALUES + 1; at++) {
    const byte = body.readUInt8(at);
    if (isInString && byte === BACKSLASH) {
      at += 1;
    } else if (byte === QUOTE) {
      isInString = !isInString;
    } else if (!isInString && MARKS.includes(byte)) {
      marks += 1;
    }
  }
  return marks > 2 * MAX_VALUES + 1;
}

/**
 * Checks the limits level by level: a recursive check could exhaust the stack. Runs before any other code that visits
 * each value.
 */
function refuseExcess(parsed: unknown): void {
  let level = [parsed].filter(isContainer);
  let values = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= MAX_DEPTH) {
      throw new MalformedJsonError('The body is nested too deeply.');
    }
    const next: unknown[] = [];
    for (const item of level) {
      const members: unknown[] = Array.isArray(item) ? item : Object.values(item);
      values += members.length;
      if (values > MAX_VALUES) {
        throw new MalformedJsonError(TOO_MANY_VALUES);
      }
      next.push(...members);
    }
    level = next.filter(isContainer);
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
