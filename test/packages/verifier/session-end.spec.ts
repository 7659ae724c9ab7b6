import { until } from '../../support/until';
import {
  BOUND,
  startIssuer,
  startNewVerifier,
  startVerifier,
  untilRead,
  type Fixture,
} from './fixture';

describe('the signal of onSessionEnd', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await startVerifier();
  });
  afterEach(() => fixture.close());

  const open = async (options: { userId?: string; expiresInSeconds?: number } = {}) => {
    const issued = await fixture.issuer.issueToken(options);
    const session = await fixture.verifier.verify(issued.token);
    return { ...issued, session, signal: fixture.verifier.onSessionEnd(session) };
  };
  const aborted = async (signal: AbortSignal) => {
    await until('the signal has aborted', () => signal.aborted);
    return (signal.reason as { code: unknown }).code;
  };

  it('aborts when the stream names the session, and no other', async () => {
    const [ended, other] = [await open(), await open()];
    fixture.issuer.endSession(ended.sessionId);
    expect(await aborted(ended.signal)).toBe('token_revoked');
    expect(other.signal.aborted).toBe(false);
  });

  it('aborts when the stream names the user, for tokens that were issued before', async () => {
    const { signal } = await open({ userId: 'ann' });
    // A token has the second of its issue, so a later token is one of a later second.
    await until('a later second', () => Math.floor(Date.now() / 1_000) * 1_000 > Date.now() - 100);
    fixture.issuer.endSubject('ann');
    expect(await aborted(signal)).toBe('token_revoked');
  });

  it('does not abort for the session that goes on when the others of its user end', async () => {
    const [ended, kept] = [await open({ userId: 'ann' }), await open({ userId: 'ann' })];
    fixture.clock.pass(120_000);
    const before = fixture.issuer.introspections;
    fixture.issuer.endSubject('ann', { exceptSessionId: kept.sessionId });
    expect(await aborted(ended.signal)).toBe('token_revoked');
    await until('the issuer is asked', () => fixture.issuer.introspections > before);
    expect(kept.signal.aborted).toBe(false);
    expect((await fixture.verifier.verify(kept.token)).sessionId).toBe(kept.sessionId);
  });

  it('aborts when the token expires', async () => {
    const { signal } = await open({ expiresInSeconds: 60 });
    fixture.clock.pass(60_000);
    expect(await aborted(signal)).toBe('token_expired');
  });

  it('is found by the id of a session that is kept, and aborted from the start for any other', async () => {
    const { sessionId } = await open();
    expect(fixture.verifier.onSessionEnd(sessionId).aborted).toBe(false);
    expect(fixture.verifier.onSessionEnd('unknown').aborted).toBe(true);
    expect(fixture.verifier.onSessionEnd({ ...(await open()).session }).aborted).toBe(true);
  });

  it('does not abort after its release, which frees its place', async () => {
    await fixture.close();
    fixture = await startVerifier({ maxSignals: 1 });
    const { sessionId, session, signal } = await open();
    expect(() => fixture.verifier.onSessionEnd(session)).toThrow('cannot be verified');
    fixture.verifier.release(signal);
    fixture.verifier.release(signal);
    const second = fixture.verifier.onSessionEnd(session);
    fixture.issuer.endSession(sessionId);
    await aborted(second);
    expect(signal.aborted).toBe(false);
    await untilRead(fixture);
  });

  it('aborts when the stream is silent and the issuer says that the session has ended', async () => {
    const { issuer, clock } = fixture;
    const [ended, other] = [await open(), await open()];
    issuer.silence();
    issuer.endSession(ended.sessionId);
    clock.pass(BOUND);
    expect(await aborted(ended.signal)).toBe('token_revoked');
    expect(other.signal.aborted).toBe(false);
  });

  it('is asked for once per bound while the stream is silent', async () => {
    const { issuer, clock, events } = fixture;
    const { signal } = await open();
    const answers = () => events.filter((event) => event.type === 'introspection').length;
    issuer.silence();
    clock.pass(BOUND);
    await until('the issuer has answered at once', answers, 2);
    clock.pass(BOUND);
    await until('the issuer has answered again', answers, 3);
    expect(signal.aborted).toBe(false);
  });

  it('aborts when the stream is silent and the issuer does not answer for the bound', async () => {
    const { issuer, clock } = fixture;
    const { signal } = await open();
    issuer.silence();
    issuer.hang();
    clock.pass(BOUND);
    await until('the issuer was asked', () => issuer.introspections, 2);
    expect(signal.aborted).toBe(false);
    clock.pass(BOUND + 1);
    expect(await aborted(signal)).toBe('dependency_unavailable');
    issuer.answer();
  });

  it('aborts after reset if the session has ended meanwhile', async () => {
    const { issuer, clock, events } = fixture;
    const { signal, sessionId } = await open();
    issuer.silence();
    issuer.endSession(sessionId);
    issuer.reset();
    issuer.speak();
    await until('it was read', () => events.some((event) => event.type === 'reset'));
    clock.pass(1_000);
    expect(await aborted(signal)).toBe('token_revoked');
  });

  it('aborts if the stream named the session before the signal was opened', async () => {
    const { issuer, verifier } = fixture;
    const { session, sessionId } = await open();
    issuer.endSession(sessionId);
    await untilRead(fixture);
    expect(verifier.onSessionEnd(session).aborted).toBe(true);
  });

  it('aborts if the session ended before the stream began, also after a stale answer', async () => {
    await fixture.close();
    const issuer = await startIssuer();
    const { token, userId } = await issuer.issueToken();
    issuer.endSubject(userId, { isStale: true });
    fixture = await startNewVerifier({ at: issuer });
    const { verifier, clock } = fixture;
    await until('the stream is trusted', () => verifier.isTrusted);
    const signal = verifier.onSessionEnd(await verifier.verify(token));
    issuer.catchUp();
    clock.pass(1_000);
    expect(await aborted(signal)).toBe('token_revoked');
  });

  it('aborts when the verifier is closed', async () => {
    const { signal } = await open();
    fixture.verifier.close();
    expect(await aborted(signal)).toBe('dependency_unavailable');
  });
});
