import { isEmail } from 'class-validator';

export const MAX_EMAIL_LENGTH = 254;
const MAX_LOCAL_LENGTH = 64;
const MAX_LABEL_LENGTH = 63;

const SPACE_OR_CONTROL = /[\s\p{Cc}]/u;
const ASCII = /^[\x21-\x7e]*$/;
const IP_LITERAL = /^\[.*\]$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;
const TOP_LEVEL_DOMAIN = /^(?:[a-z]{2,}|xn[a-z0-9-]{2,})$/i;

/**
 * Why a value is no valid e-mail address of an account; null for a valid one. Addresses are ASCII, an international
 * domain in its xn-- form, so that case folding is unambiguous. Trim the value first. The text follows the name of the
 * field: "must have one @".
 */
export function emailProblem(value: unknown): string | null {
  if (typeof value !== 'string') {
    return 'must be a string';
  }
  if (value === '') {
    return 'must not be empty';
  }
  if (SPACE_OR_CONTROL.test(value)) {
    return 'must not contain spaces or control characters';
  }
  if (!ASCII.test(value)) {
    return 'must be in ASCII characters, an international domain in its xn-- form';
  }
  if (value.length > MAX_EMAIL_LENGTH) {
    return `must have at most ${MAX_EMAIL_LENGTH} characters`;
  }
  const at = value.lastIndexOf('@');
  if (at < 0) {
    return 'must have an @ between a name and a domain';
  }
  const problem = localProblem(value.slice(0, at)) ?? domainProblem(value.slice(at + 1));
  return problem ?? (isEmail(value) ? null : INVALID_LOCAL);
}

const INVALID_LOCAL =
  'must have only letters, digits, single dots and the signs of RFC 5322 before its @';

function localProblem(local: string): string | null {
  if (local === '') {
    return 'must have a name before its @';
  }
  if (local.length > MAX_LOCAL_LENGTH) {
    return `must have at most ${MAX_LOCAL_LENGTH} characters before its @`;
  }
  return local.includes('@') && !local.startsWith('"') ? 'must have one @ only' : null;
}

function domainProblem(domain: string): string | null {
  if (domain === '') {
    return 'must have a domain after its @';
  }
  if (IP_LITERAL.test(domain)) {
    return 'must have a domain name and no IP address after its @';
  }
  const labels = domain.split('.');
  if (labels.some((label) => label.length > MAX_LABEL_LENGTH)) {
    return `must have at most ${MAX_LABEL_LENGTH} characters between the dots of its domain`;
  }
  if (!labels.every((label) => LABEL.test(label))) {
    return 'must have a domain of letters, digits and inner hyphens, with single dots between them';
  }
  if (labels.length === 1) {
    return 'must have a domain with a dot';
  }
  return TOP_LEVEL_DOMAIN.test(labels.at(-1) ?? '')
    ? null
    : 'must have a domain that ends in a top-level domain, such as .com';
}
