export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  /** Parsed JSON; undefined for any other body, and for none. */
  body: Body;
}

export interface Call {
  token?: string;
  json?: unknown;
  /** A body that is sent unchanged, instead of `json`. */
  raw?: string | Uint8Array<ArrayBuffer>;
  /** A form with files, instead of `json`. */
  form?: FormData;
  headers?: Record<string, string>;
}

/** Calls over a real socket, as any client would. */
export class HttpClient {
  constructor(readonly origin: string) {}

  async call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { token, json, raw, form, headers = {} }: Call = {},
  ): Promise<Answer<Body>> {
    const body = form ?? raw ?? (json === undefined ? undefined : JSON.stringify(json));
    const response = await fetch(new URL(path, this.origin), {
      method,
      headers: {
        ...(body !== undefined && !form && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    const type = response.headers.get('content-type') ?? '';
    const text = type === 'text/event-stream' ? await endOf(response) : await response.text();
    const isJson = /\bjson\b/.test(type);
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson && text !== '' ? JSON.parse(text) : undefined) as Body,
    };
  }

  get<Body = Record<string, unknown>>(path: string, call?: Call): Promise<Answer<Body>> {
    return this.call<Body>('GET', path, call);
  }

  post<Body = Record<string, unknown>>(path: string, call?: Call): Promise<Answer<Body>> {
    return this.call<Body>('POST', path, call);
  }

  delete<Body = Record<string, unknown>>(path: string, call?: Call): Promise<Answer<Body>> {
    return this.call<Body>('DELETE', path, call);
  }

  put<Body = Record<string, unknown>>(path: string, call?: Call): Promise<Answer<Body>> {
    return this.call<Body>('PUT', path, call);
  }
}

/** Disconnects from an answer that does not end by itself. */
async function endOf({ body }: Response): Promise<string> {
  await body?.cancel();
  return '';
}
