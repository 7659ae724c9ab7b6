import { DomainError } from '#libs/common';

/** Items per page: the default, and the maximum of `limit`. */
export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 200;

/** A page of a list in order of time begins after this item. */
export interface PageCursor {
  atMs: number;
  id: string;
}

/** The parameter `cursor` is no `nextCursor` of an earlier answer. */
export class MalformedCursorError extends DomainError {
  readonly code = 'malformed_request';

  constructor() {
    super('The parameter cursor must be the nextCursor of an earlier answer.');
  }
}

/**
 * @returns undefined for the first page.
 * @throws MalformedCursorError
 */
export function parsePageCursor(cursor: string | undefined): PageCursor | undefined {
  if (cursor === undefined) {
    return undefined;
  }
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, atMs, id] = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(text) ?? [];
  if (!atMs || !id) {
    throw new MalformedCursorError();
  }
  return { atMs: Number(atMs), id };
}

/**
 * @param found up to one more than `limit`; the extra item means that there is another page.
 * @param cursorOf the cursor of the last item.
 */
export function toPage<Item>(
  found: readonly Item[],
  limit: number,
  cursorOf: (last: Item) => PageCursor,
): { items: Item[]; nextCursor: string | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const isLastPage = found.length <= limit || last === undefined;
  return { items, nextCursor: isLastPage ? null : formatPageCursor(cursorOf(last)) };
}

function formatPageCursor({ atMs, id }: PageCursor): string {
  return Buffer.from(`${atMs}.${id}`, 'latin1').toString('base64url');
}
