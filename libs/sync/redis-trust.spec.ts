import { RedisTrust } from './redis-trust';
import { SyncTimings } from './sync-timings';

const REDIS_NOW_MS = 1_800_000_000_000;

describe('trust in Redis', () => {
  const timings = Object.assign(new SyncTimings(), { leaseMs: 60_000 });
  let trust: RedisTrust;

  beforeEach(() => {
    trust = new RedisTrust(timings);
  });

  function gain(era = '3'): boolean {
    return trust.gain(era, trust.losses(), performance.now(), REDIS_NOW_MS);
  }

  it('is not there at first', () => {
    expect(trust.era()).toBeNull();
  });

  it('is held in the era in which it was gained', () => {
    expect(gain('7')).toBe(true);
    expect(trust.era()).toBe('7');
  });

  it('ends with a loss', () => {
    gain();
    trust.lose('a test says so');
    expect(trust.era()).toBeNull();
  });

  it('is not gained by what was read before a loss', () => {
    const losses = trust.losses();
    trust.lose('a test says so');
    expect(trust.gain('3', losses, performance.now(), REDIS_NOW_MS)).toBe(false);
    expect(trust.era()).toBeNull();
  });

  it('lasts no longer than the lease from when the outbox began to be read', () => {
    trust.gain('3', trust.losses(), performance.now() - timings.leaseMs, REDIS_NOW_MS);
    expect(trust.era()).toBeNull();
    trust.renew(trust.losses(), performance.now(), REDIS_NOW_MS, true);
    expect(trust.era()).toBe('3');
  });

  it('tells a lease that a poll began from one that was renewed without a poll', () => {
    const beganMs = performance.now() - timings.leaseMs;
    trust.gain('3', trust.losses(), beganMs, REDIS_NOW_MS);
    expect(trust.isPollFresh()).toBe(false);
    trust.renew(trust.losses(), performance.now(), REDIS_NOW_MS, false);
    expect([trust.era(), trust.isPollFresh()]).toEqual(['3', false]);
    trust.renew(trust.losses(), performance.now(), REDIS_NOW_MS, true);
    expect(trust.isPollFresh()).toBe(true);
    trust.lose('a test says so');
    expect(trust.isPollFresh()).toBe(false);
  });

  it('is not prolonged by what was read before a loss', () => {
    gain();
    const losses = trust.losses();
    trust.lose('a test says so');
    trust.renew(losses, performance.now(), REDIS_NOW_MS, true);
    expect(trust.era()).toBeNull();
  });

  it('allows writes to the end of the lease by the clock of Redis, or less', () => {
    const beganMs = performance.now() - 20_000;
    trust.gain('3', trust.losses(), beganMs, REDIS_NOW_MS);
    // Redis has told its time at some moment since then.
    const leftMs = trust.lease()!.writeUntilMs - REDIS_NOW_MS;
    expect(leftMs).toBeLessThanOrEqual(timings.leaseMs - 20_000);
    expect(leftMs).toBeGreaterThan(0);
  });

  it('allows writes for longer when it is renewed, and what was taken before stays what it was', () => {
    gain();
    const taken = trust.lease()!;
    const { writeUntilMs } = taken;
    trust.renew(trust.losses(), performance.now(), REDIS_NOW_MS + 30_000, true);
    expect(trust.lease()!.writeUntilMs).toBeGreaterThan(writeUntilMs);
    expect(taken.writeUntilMs).toBe(writeUntilMs);
  });

  it('tells whoever waits when a lease that had run out is prolonged', async () => {
    trust.gain('3', trust.losses(), performance.now() - timings.leaseMs, REDIS_NOW_MS);
    const gained = trust.gained();
    trust.renew(trust.losses(), performance.now(), REDIS_NOW_MS, true);
    await gained;
  });

  it('settles a change at once when Redis has been brought up to date', async () => {
    gain();
    const settled = trust.settle();
    expect(trust.era()).toBeNull();
    gain();
    await settled;
  });

  it('does not settle a change by a new era, in which others need not know of it', async () => {
    const short = new RedisTrust(Object.assign(new SyncTimings(), { leaseMs: 50 }));
    short.gain('3', short.losses(), performance.now(), REDIS_NOW_MS);
    const startedMs = performance.now();
    const settled = short.settle();
    short.gain('4', short.losses(), performance.now(), REDIS_NOW_MS);
    await settled;
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(49);
  });

  it('settles a change after the lease when it is not gained again', async () => {
    const short = new RedisTrust(Object.assign(new SyncTimings(), { leaseMs: 20 }));
    const startedMs = performance.now();
    await short.settle();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(19);
  });
});
