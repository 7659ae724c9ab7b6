/** Longer than any deadline of the product: a request that reaches it was lost. */
const DEADLINE_MS = 20_000;

export interface Reply {
  /** 0: the connection broke before the answer was complete. */
  status: number;
  /** The `code` of a problem+json answer, or how the connection broke. */
  code: string | null;
  retryAfter: string | null;
  etag: string | null;
  body: unknown;
}

export interface Message {
  method: string;
  path: string;
  token?: string;
  json?: unknown;
  headers?: Record<string, string>;
}

/** One request over a real socket. Never rejects. */
export async function send(
  origin: string,
  { method, path, token, json, headers = {} }: Message,
): Promise<Reply> {
  try {
    const response = await fetch(`${origin}${path}`, {
      method,
      signal: AbortSignal.timeout(DEADLINE_MS),
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    const body: unknown = text === '' ? null : JSON.parse(text);
    const code = response.ok ? null : ((body as { code?: string } | null)?.code ?? null);
    const [retryAfter, etag] = ['retry-after', 'etag'].map((name) => response.headers.get(name));
    return {
      status: response.status,
      code,
      retryAfter: retryAfter ?? null,
      etag: etag ?? null,
      body,
    };
  } catch (error) {
    return { status: 0, code: causeOf(error), retryAfter: null, etag: null, body: null };
  }
}

function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
