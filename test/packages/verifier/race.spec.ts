import { until } from '../../support/until';
import {
  BOUND,
  codeOf,
  startIssuer,
  startNewVerifier,
  startVerifier,
  untilRead,
  type Fixture,
} from './fixture';

/** Without any window: what the stream named before the answer is not looked at. */
const NO_WINDOW = -Infinity;
const WITHOUT = [
  { recentWindowMs: undefined, accepted: 'refuses', code: 'token_revoked' },
  { recentWindowMs: NO_WINDOW, accepted: 'without its window would accept', code: undefined },
];

/**
 * An answer "alive" may be as old as the state before a revocation that the stream has already named. Each race runs
 * with the window of the verifier, and without it to show that the race is real.
 */
describe.each(WITHOUT)('a verifier $accepted a session', ({ recentWindowMs, code }) => {
  let fixture: Fixture;
  const parts = recentWindowMs === undefined ? {} : { recentWindowMs };

  afterEach(() => fixture.close());

  it('whose end was named shortly before a stale answer', async () => {
    fixture = await startVerifier(parts);
    const { issuer, verifier } = fixture;
    const { token, userId } = await issuer.issueToken();
    issuer.endSubject(userId, { isStale: true });
    await untilRead(fixture);
    await verifier.verify(token);
    issuer.catchUp();
    expect(await codeOf(verifier.verify(token))).toBe(code);
  });

  it('whose end was named while the answer was on its way', async () => {
    fixture = await startVerifier(parts);
    const { issuer, verifier } = fixture;
    const { token, userId } = await issuer.issueToken();
    const witness = await issuer.issueToken();
    const signal = verifier.onSessionEnd(await verifier.verify(witness.token));
    issuer.hang();
    const answer = verifier.verify(token);
    await until('the call has arrived', () => issuer.introspections, 2);
    issuer.endSubject(userId);
    issuer.endSession(witness.sessionId);
    await until('the stream has been read', () => signal.aborted);
    issuer.answer();
    await answer;
    expect(await codeOf(verifier.verify(token))).toBe(code);
  });

  it('that ended before the stream began, by a stale answer', async () => {
    const issuer = await startIssuer();
    const { token, userId } = await issuer.issueToken();
    issuer.endSubject(userId, { isStale: true });
    fixture = await startNewVerifier({ at: issuer, ...parts });
    const { verifier } = fixture;
    await until('the stream is trusted', () => verifier.isTrusted);
    await verifier.verify(token);
    issuer.catchUp();
    expect(await codeOf(verifier.verify(token))).toBe(code);
  });
});

describe('a verifier', () => {
  let fixture: Fixture;

  afterEach(() => fixture.close());

  it('refuses a session that the stream has named, also if the issuer still says that it is alive', async () => {
    fixture = await startVerifier();
    const { issuer, verifier } = fixture;
    const { token, sessionId } = await issuer.issueToken();
    issuer.endSession(sessionId, { isStale: true });
    await untilRead(fixture);
    expect(await codeOf(verifier.verify(token))).toBe('token_revoked');
  });

  it('keeps no answer that was asked for while the stream was not trusted', async () => {
    fixture = await startVerifier();
    const { issuer, verifier, clock } = fixture;
    const { token } = await issuer.issueToken();
    issuer.silence();
    clock.pass(BOUND);
    issuer.hang();
    const answer = verifier.verify(token);
    await until('the call has arrived', () => issuer.introspections, 1);
    issuer.speak();
    await until('the stream is trusted', () => verifier.isTrusted);
    issuer.answer();
    await answer;
    await verifier.verify(token);
    expect(issuer.introspections).toBe(2);
  });

  it('keeps no answer that was on its way during a reset', async () => {
    fixture = await startVerifier();
    const { issuer, verifier, events } = fixture;
    const { token } = await issuer.issueToken();
    issuer.hang();
    const answer = verifier.verify(token);
    await until('the call has arrived', () => issuer.introspections, 1);
    issuer.reset();
    issuer.silence();
    await until('it was read', () => events.some((event) => event.type === 'reset'));
    expect(verifier.isTrusted).toBe(false);
    issuer.answer();
    await answer;
    issuer.speak();
    await until('the stream is trusted', () => verifier.isTrusted);
    await verifier.verify(token);
    expect(issuer.introspections).toBe(2);
  });

  it('keeps a later session of a user whose earlier sessions have ended', async () => {
    fixture = await startVerifier();
    const { issuer, verifier, clock } = fixture;
    issuer.endSubject('ann');
    await untilRead(fixture);
    const { token } = await issuer.issueToken({ userId: 'ann' });
    await verifier.verify(token);
    clock.pass(2_001);
    const asked = issuer.introspections;
    await verifier.verify(token);
    await verifier.verify(token);
    expect(issuer.introspections).toBe(asked + 1);
  });
});
