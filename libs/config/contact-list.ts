import { z } from 'zod';
import { parseUrl } from './parse-url';

/** Characters of a URI (RFC 3986), so none that ends a line. */
const URI = /^[\w.~:/?#[\]@!$&'()*+;=%-]+$/;
const MAILTO = /^mailto:[^@]+@[^@]+$/;

/** `mailto:security@example.com,https://example.com/report`: contacts as RFC 9116 section 2.5.3 writes them. */
export function contactList() {
  return z.string().transform((text, context) => {
    const contacts = text.split(',').map((part) => part.trim());
    if (contacts.every(isContact)) {
      return contacts;
    }
    context.addIssue('must be a list like mailto:security@example.com,https://example.com/report');
    return z.NEVER;
  });
}

function isContact(text: string): boolean {
  const isPage = text.startsWith('https://') && parseUrl(text) !== undefined;
  return URI.test(text) && (MAILTO.test(text) || isPage);
}
