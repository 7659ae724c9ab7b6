import type { Moment } from './clock';
import { StreamTrust } from './stream-trust';

const BOUND_MS = 2_000;

describe('trust in the stream', () => {
  let now: Moment;
  let trust: StreamTrust;

  beforeEach(() => {
    now = { monotonicMs: 500, wallMs: 1_000_000 };
    trust = new StreamTrust({ now: () => now }, BOUND_MS);
  });

  const pass = (ms: number, wallMs = ms) => {
    now = { monotonicMs: now.monotonicMs + ms, wallMs: now.wallMs + wallMs };
  };

  it('is absent before the first heartbeat', () => {
    expect(trust.isTrusted).toBe(false);
  });

  it('ends the bound after the instant that the heartbeat names, counted from the sending of the request', () => {
    const sent = now;
    pass(300);
    expect(trust.heartbeat(sent, 100)).toBe(200);
    pass(1_799);
    expect(trust.isTrusted).toBe(true);
    pass(1);
    expect(trust.isTrusted).toBe(false);
  });

  it('is not given by a heartbeat that comes too late', () => {
    const sent = now;
    pass(2_100);
    trust.heartbeat(sent, 100);
    expect(trust.isTrusted).toBe(false);
  });

  it('is not prolonged by a clock of the issuer that runs fast', () => {
    const sent = now;
    pass(300);
    expect(trust.heartbeat(sent, 60_000)).toBe(0);
    pass(1_999);
    expect(trust.isTrusted).toBe(true);
    pass(1);
    expect(trust.isTrusted).toBe(false);
  });

  it('ends while the machine is suspended', () => {
    trust.heartbeat(now, 0);
    pass(1, 2_000);
    expect(trust.isTrusted).toBe(false);
  });

  it('is not prolonged by a wall clock that is set back', () => {
    trust.heartbeat(now, 0);
    pass(2_000, -60_000);
    expect(trust.isTrusted).toBe(false);
  });

  it('can be lost before its end, and comes back with the next heartbeat', () => {
    const sent = now;
    pass(10);
    trust.heartbeat(sent, 10);
    trust.lose();
    expect(trust.isTrusted).toBe(false);
    trust.heartbeat(sent, 10);
    expect(trust.isTrusted).toBe(true);
  });
});
