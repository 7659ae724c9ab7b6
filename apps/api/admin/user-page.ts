import { MalformedCursorError, parseId } from '#libs/http';
import type { DirectoryCursor } from '#libs/user';

const FORMAT = /^([0-9a-f-]{36})\.([^\0]{1,300})$/su;
const TIME = /^\d{1,15}$/;

/**
 * @param isSearch whether the call has a prefix: the key is then a text, else a time.
 * @returns undefined for the first page.
 * @throws MalformedCursorError
 */
export function parseUserCursor(
  cursor: string | undefined,
  isSearch: boolean,
): DirectoryCursor | undefined {
  if (cursor === undefined) {
    return undefined;
  }
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const [, id = '', key = ''] = FORMAT.exec(text) ?? [];
  if (parseId(id) === null || (!isSearch && !TIME.test(key))) {
    throw new MalformedCursorError();
  }
  return { key, id };
}

export function formatUserCursor({ key, id }: DirectoryCursor): string {
  return Buffer.from(`${id}.${key}`, 'utf8').toString('base64url');
}
