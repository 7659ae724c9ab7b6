import { until } from '../../support/until';
import { BOUND, codeOf, startVerifier, untilRead, type Fixture } from './fixture';

describe('the stream', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await startVerifier();
  });
  afterEach(() => fixture.close());

  const keptToken = async (userId?: string) => {
    const issued = await fixture.issuer.issueToken(userId === undefined ? {} : { userId });
    await fixture.verifier.verify(issued.token);
    return issued;
  };

  it('that names a session ends it, and no other', async () => {
    const { issuer, verifier } = fixture;
    const [ended, other] = [await keptToken(), await keptToken()];
    issuer.endSession(ended.sessionId);
    await until('it is refused', async () => codeOf(verifier.verify(ended.token)), 'token_revoked');
    await verifier.verify(other.token);
    expect(fixture.events).toContainEqual({ type: 'end_named', of: 'session' });
  });

  it('that names a user ends all sessions of the user, and no other', async () => {
    const { issuer, verifier } = fixture;
    const [one, two, other] = [await keptToken('ann'), await keptToken('ann'), await keptToken()];
    issuer.endSubject('ann');
    await until('one is refused', async () => codeOf(verifier.verify(one.token)), 'token_revoked');
    expect(await codeOf(verifier.verify(two.token))).toBe('token_revoked');
    await verifier.verify(other.token);
  });

  it('that is silent beyond the bound is not trusted: the issuer is asked, or the token is refused', async () => {
    const { issuer, verifier, clock } = fixture;
    const { token, sessionId } = await keptToken();
    const asked = issuer.introspections;
    issuer.silence();
    clock.pass(BOUND);
    await verifier.verify(token);
    await verifier.verify(token);
    expect(issuer.introspections).toBe(asked + 2);
    issuer.endSession(sessionId);
    expect(await codeOf(verifier.verify(token))).toBe('token_revoked');
  });

  it('is not trusted after the machine was suspended', async () => {
    const { issuer, verifier, clock } = fixture;
    const { token } = await keptToken();
    const asked = issuer.introspections;
    issuer.silence();
    clock.passOnTheWall(BOUND);
    expect(verifier.isTrusted).toBe(false);
    await verifier.verify(token);
    expect(issuer.introspections).toBe(asked + 1);
  });

  it('that is silent is connected again, from where it was', async () => {
    const { issuer, verifier, clock, events } = fixture;
    const { token, sessionId } = await keptToken();
    issuer.silence();
    clock.pass(BOUND + 1);
    await until('the connection is given up', () => events.some(isLostBySilence));
    issuer.endSession(sessionId);
    issuer.speak();
    await until('the stream is trusted', () => verifier.isTrusted);
    const asked = issuer.introspections;
    expect(await codeOf(verifier.verify(token))).toBe('token_revoked');
    expect(issuer.introspections).toBe(asked + 1);
    expect(events).toContainEqual({ type: 'stream_connected', resumed: true });
  });

  it('that is interrupted resumes without losing an end or what is kept', async () => {
    const { issuer, verifier, events } = fixture;
    const [ended, other] = [await keptToken(), await keptToken()];
    const asked = issuer.introspections;
    issuer.reconnect();
    issuer.endSession(ended.sessionId);
    await until('it resumed', () => events.some((event) => event.type === 'end_named'));
    expect(events).toContainEqual({ type: 'stream_connected', resumed: true });
    expect(events).toContainEqual(expect.objectContaining({ type: 'stream_lost', retryInMs: 0 }));
    await verifier.verify(other.token);
    expect(issuer.introspections).toBe(asked);
  });

  it('that says reset makes the verifier forget everything', async () => {
    const { issuer, verifier, events, clock } = fixture;
    const { token } = await keptToken();
    const asked = issuer.introspections;
    issuer.reset();
    await until('it was read', () => events.some((event) => event.type === 'reset'));
    await verifier.verify(token);
    expect(issuer.introspections).toBe(asked + 1);
    // Answers are kept again once they cannot lack an end that the stream did not name.
    await until('the stream is trusted', () => verifier.isTrusted);
    await verifier.verify(token);
    clock.pass(2_001);
    await verifier.verify(token);
    await verifier.verify(token);
    expect(issuer.introspections).toBe(asked + 3);
  });

  it('is read by one connection', async () => {
    await untilRead(fixture);
    expect(fixture.issuer.streams).toBe(1);
  });

  it('reports how far it is behind', async () => {
    await until('a heartbeat', () => fixture.events.some((event) => event.type === 'lag'));
  });
});

function isLostBySilence(event: { type: string; reason?: string }): boolean {
  return event.type === 'stream_lost' && event.reason === 'the stream was silent';
}
