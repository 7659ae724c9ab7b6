import type { Operation } from './calls.js';
import type { Carrier } from './carrier.js';
import { ApiError, NetworkError, type ErrorCode, type FieldProblem } from './errors.js';

export type Fetch = typeof globalThis.fetch;

/** The parts of a request that vary between calls of an operation. */
export interface Input {
  path?: object | undefined;
  query?: object | undefined;
  body?: unknown;
  headers?: Record<string, string> | undefined;
}

/** A successful answer. `data` is parsed JSON, text, a Blob of any other type, or undefined without a body. */
export interface Answer<Data = unknown> {
  data: Data;
  status: number;
  headers: Headers;
}

/** Sends one request and reads its answer. */
export type Send = (
  operation: Operation,
  input: Input,
  accessToken: string | undefined,
  signal: AbortSignal,
) => Promise<Answer>;

/**
 * @returns a function that throws ApiError for an answer with an error, NetworkError without an answer, and the reason
 * of the signal when that is aborted.
 */
export function sender(baseUrl: string, fetch: Fetch, carrier: Carrier): Send {
  const base = baseUrl.replace(/\/+$/, '');
  return async (operation, input, accessToken, signal) => {
    const { method, path } = operation;
    const [body, type] = encode(input.body);
    const headers: Record<string, string> = {
      ...(type !== undefined && { 'content-type': type }),
      ...(accessToken !== undefined && carrier.headers(accessToken)),
      ...input.headers,
    };
    const request = { method, headers, signal, credentials: carrier.credentials };
    const url = base + fill(path, input.path) + search(input.query);
    signal.throwIfAborted();
    let response: Response;
    let content: unknown;
    try {
      response = await fetch(url, body === undefined ? request : { ...request, body });
      content = await read(response);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof ApiError ? error : new NetworkError(error);
    }
    if (!response.ok && response.status !== 304) {
      throw toApiError(response, content);
    }
    return { data: content, status: response.status, headers: response.headers };
  };
}

function encode(body: unknown): [FormData | URLSearchParams | string | undefined, string?] {
  if (body === undefined || body instanceof FormData || body instanceof URLSearchParams) {
    return [body];
  }
  return [JSON.stringify(body), 'application/json'];
}

function fill(path: string, values: object = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = (values as Record<string, string>)[name] ?? '';
    // A URL would resolve these to the path of another operation.
    if (/^\.{0,2}$/.test(value)) {
      throw new RangeError(`The path parameter ${name} must not be "${value}".`);
    }
    return encodeURIComponent(value);
  });
}

function search(values: object = {}): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  );
  return given.length > 0 ? `?${query.toString()}` : '';
}

async function read(response: Response): Promise<unknown> {
  const type = response.headers.get('content-type') ?? '';
  if (!/\bjson\b|^text\//.test(type)) {
    const blob = await response.blob();
    return blob.size > 0 ? blob : undefined;
  }
  const text = await response.text();
  if (!/\bjson\b/.test(type)) {
    return text;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw toApiError(response, undefined);
  }
}

/** An error from any answer, also one that is no problem of Latchkey. */
export function toApiError(
  response: Pick<Response, 'status' | 'headers'>,
  body: unknown,
): ApiError {
  const { status, headers } = response;
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<{
    code: ErrorCode;
    detail: string;
    errors: FieldProblem[];
    requestId: string;
  }>;
  const retryAfter = headers.get('retry-after') ?? '';
  return new ApiError({
    code: typeof problem.code === 'string' ? problem.code : 'unexpected_answer',
    status,
    detail: problem.detail ?? 'The answer is not one of Latchkey.',
    errors: problem.errors ?? [],
    retryAfterSeconds: /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined,
    requestId: problem.requestId ?? headers.get('x-request-id') ?? undefined,
  });
}
