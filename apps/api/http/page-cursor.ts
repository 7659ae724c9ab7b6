import { ValidationFailedError } from '#libs/common';

/** Where a page of a list that is ordered by time begins. */
export interface PageCursor {
  atMs: number;
  id: string;
}

/** @returns undefined for the first page. @throws ValidationFailedError */
export function parsePageCursor(cursor: string | undefined): PageCursor | undefined {
  if (cursor === undefined) {
    return undefined;
  }
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, atMs, id] = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(text) ?? [];
  if (!atMs || !id) {
    throw new ValidationFailedError([
      { field: 'cursor', messages: ['cursor must be a nextCursor of an earlier answer'] },
    ]);
  }
  return { atMs: Number(atMs), id };
}

export function formatPageCursor({ atMs, id }: PageCursor): string {
  return Buffer.from(`${atMs}.${id}`, 'latin1').toString('base64url');
}
