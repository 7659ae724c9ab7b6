import { OPERATIONS } from './api-types';
import { bearer, cookies } from './carrier';
import { sender, type Input } from './exchange';

const { signal } = new AbortController();

/** Sends a request that gets this answer. @returns the URL, what fetch was given, and the outcome. */
async function exchange(
  answer: Response,
  input: Input = {},
  operation = OPERATIONS.getProfile,
  carrier = bearer,
) {
  let given: [string, RequestInit] | undefined;
  const fetch = (url: unknown, init: unknown) => {
    given = [url as string, init as RequestInit];
    return Promise.resolve(answer);
  };
  const send = sender('https://auth.example.com/base/', fetch, carrier);
  const outcome = await send(operation, input, 'token', signal).catch((error: unknown) => error);
  return { url: given?.[0], init: given?.[1], outcome };
}

const html = (status: number) =>
  new Response('<html>', { status, headers: { 'content-type': 'text/html', 'retry-after': '7' } });

describe('an exchange', () => {
  it('sends token and query to the path below the base', async () => {
    const { url, init } = await exchange(Response.json({}), {
      query: { limit: 5, cursor: 'a b', none: undefined },
    });
    expect(url).toBe('https://auth.example.com/base/api/auth/profile?limit=5&cursor=a+b');
    expect(init).toMatchObject({
      method: 'GET',
      credentials: 'omit',
      headers: { authorization: 'Bearer token' },
    });
  });

  it('sends cookies in the place of a token', async () => {
    const { init } = await exchange(new Response(null), {}, OPERATIONS.getProfile, cookies);
    expect(init).toMatchObject({ credentials: 'include', headers: {} });
  });

  it('turns an error of a proxy into an ApiError', async () => {
    const { outcome } = await exchange(html(502));
    expect(outcome).toMatchObject({
      name: 'ApiError',
      code: 'unexpected_answer',
      status: 502,
      retryAfterSeconds: 7,
      errors: [],
    });
  });

  it('turns JSON that cannot be parsed into an ApiError', async () => {
    const headers = { 'content-type': 'application/json' };
    const { outcome } = await exchange(new Response('{', { headers }));
    expect(outcome).toMatchObject({ name: 'ApiError', code: 'unexpected_answer', status: 200 });
  });

  it('ignores a Retry-After that is no number of seconds', async () => {
    const headers = { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' };
    const { outcome } = await exchange(new Response(null, { status: 503, headers }));
    expect(outcome).toMatchObject({ status: 503, retryAfterSeconds: undefined });
  });
});
