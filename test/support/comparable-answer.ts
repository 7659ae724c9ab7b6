import type { Answer } from './http-client';

/** Headers that differ for each answer. */
const OWN_HEADERS = ['x-request-id', 'date'];

/** All parts of an answer that two answers can share, for a comparison. */
export function comparableAnswer({ status, headers, body }: Answer): unknown {
  return {
    status,
    headers: [...headers].filter(([name]) => !OWN_HEADERS.includes(name)),
    body: { ...body, requestId: undefined },
  };
}
