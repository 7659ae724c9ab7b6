import { createVerifier, VerifierUnavailableError } from '@latchkey/verifier';
import { until } from '../../support/until';
import { codeOf, startVerifier, type Fixture } from './fixture';

describe('introspection', () => {
  let fixture: Fixture;

  afterEach(() => fixture.close());

  it('is asked once for a token that is then kept', async () => {
    fixture = await startVerifier();
    const { issuer, verifier, events } = fixture;
    const { token } = await issuer.issueToken();
    const session = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(session);
    expect(issuer.introspections).toBe(1);
    const results = events.flatMap((event) => (event.type === 'check' ? [event.result] : []));
    expect(results).toEqual(['introspected', 'kept']);
  });

  it('is asked again after five minutes, because a signing key may have been retired', async () => {
    fixture = await startVerifier();
    const { issuer, verifier, clock, events } = fixture;
    const { token } = await issuer.issueToken();
    await verifier.verify(token);
    clock.pass(300_001);
    await until('the stream is trusted', () => events.some(isRegained) && verifier.isTrusted);
    await verifier.verify(token);
    expect(issuer.introspections).toBe(2);
  });

  it('is asked once by all who verify a token at the same time', async () => {
    fixture = await startVerifier();
    const { issuer, verifier } = fixture;
    const { token } = await issuer.issueToken();
    issuer.hang();
    const calls = Array.from({ length: 20 }, async () => verifier.verify(token));
    await until('a call has arrived', () => issuer.introspections, 1);
    issuer.answer();
    expect(new Set(await Promise.all(calls)).size).toBe(1);
    expect(issuer.introspections).toBe(1);
  });

  it('keeps no more tokens than maxSessions, those that were used last', async () => {
    fixture = await startVerifier({ maxSessions: 2 });
    const { issuer, verifier } = fixture;
    const [a, b, c] = await Promise.all([1, 2, 3].map(async () => issuer.issueToken()));
    await verifier.verify(a!.token);
    await verifier.verify(b!.token);
    await verifier.verify(a!.token);
    await verifier.verify(c!.token);
    expect(issuer.introspections).toBe(3);
    await verifier.verify(a!.token);
    expect(issuer.introspections).toBe(3);
    await verifier.verify(b!.token);
    expect(issuer.introspections).toBe(4);
  });

  it('that hangs is a 503 with Retry-After, and what was kept is still accepted', async () => {
    fixture = await startVerifier({ deadlineMs: 300 });
    const { issuer, verifier } = fixture;
    const [kept, other] = await Promise.all([issuer.issueToken(), issuer.issueToken()]);
    const isAccepted = async () => (await codeOf(verifier.verify(kept.token))) === undefined;
    await until('an answer came in time', isAccepted);
    issuer.hang();
    const refused = verifier.verify(other.token);
    await expect(refused).rejects.toBeInstanceOf(VerifierUnavailableError);
    await expect(refused).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    await verifier.verify(kept.token);
  });

  it('that answers after the machine was suspended is not used', async () => {
    fixture = await startVerifier();
    const { issuer, verifier, clock } = fixture;
    const { token } = await issuer.issueToken();
    issuer.hang();
    const refused = codeOf(verifier.verify(token));
    await until('a call has arrived', () => issuer.introspections, 1);
    clock.passOnTheWall(60_000);
    issuer.answer();
    expect(await refused).toBe('dependency_unavailable');
  });

  it.each([
    ['a wrong client secret', { clientSecret: 'wrong' }],
    ['an issuer that is away', { fetch: async () => Promise.reject(new TypeError('away')) }],
    ['another answer', { fetch: async () => Promise.resolve(new Response('{"active":1}')) }],
  ])('with %s is a 503', async (_what, options) => {
    fixture = await startVerifier();
    const { clientId, clientSecret, url } = fixture.issuer;
    const { token } = await fixture.issuer.issueToken();
    const verifier = createVerifier({ clientId, clientSecret, url, ...options });
    expect(await codeOf(verifier.verify(token))).toBe('dependency_unavailable');
    verifier.close();
  });

  it('that names another session is refused', async () => {
    fixture = await startVerifier();
    const { clientId, clientSecret, url } = fixture.issuer;
    const { token } = await fixture.issuer.issueToken();
    const other = await fixture.issuer.issueToken();
    const verifier = createVerifier({
      clientId,
      clientSecret,
      url,
      fetch: async (to, init) =>
        fetch(to, {
          ...init,
          ...(init?.method === 'POST' && { body: new URLSearchParams({ token: other.token }) }),
        }),
    });
    expect(await codeOf(verifier.verify(token))).toBe('token_invalid');
    verifier.close();
  });

  it('is abandoned by the caller alone whose signal aborts', async () => {
    fixture = await startVerifier();
    const { issuer, verifier } = fixture;
    const { token } = await issuer.issueToken();
    issuer.hang();
    const abort = new AbortController();
    const abandoned = verifier.verify(token, { signal: abort.signal });
    const patient = verifier.verify(token);
    await until('a call has arrived', () => issuer.introspections, 1);
    abort.abort(new Error('the client left'));
    await expect(abandoned).rejects.toThrow('the client left');
    issuer.answer();
    await patient;
  });

  it('is not asked after close', async () => {
    fixture = await startVerifier();
    const { issuer, verifier } = fixture;
    const { token } = await issuer.issueToken();
    await verifier.verify(token);
    verifier.close();
    expect(await codeOf(verifier.verify(token))).toBe('dependency_unavailable');
    expect(issuer.introspections).toBe(1);
    await until('the stream is closed', () => issuer.streams, 0);
  });
});

function isRegained(event: { type: string; resumed?: boolean }): boolean {
  return event.type === 'stream_connected' && event.resumed === true;
}
