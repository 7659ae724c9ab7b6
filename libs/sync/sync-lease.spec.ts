import { SyncLease } from './sync-lease';
import { SyncTimings } from './sync-timings';

const REDIS_NOW_MS = 1_800_000_000_000;

describe('the sync lease', () => {
  const timings = Object.assign(new SyncTimings(), { leaseMs: 60_000 });
  let lease: SyncLease;

  beforeEach(() => {
    lease = new SyncLease(timings);
  });

  function acquire(epoch = '3'): boolean {
    return lease.acquire(epoch, lease.term(), performance.now(), REDIS_NOW_MS);
  }

  it('is not held at first', () => {
    expect(lease.epoch()).toBeNull();
  });

  it('is held in the epoch in which it was acquired', () => {
    expect(acquire('7')).toBe(true);
    expect(lease.epoch()).toBe('7');
  });

  it('ends when it is revoked', () => {
    acquire();
    lease.revoke();
    expect(lease.epoch()).toBeNull();
  });

  it('is not acquired by a poll that began before it was revoked', () => {
    const term = lease.term();
    lease.revoke();
    expect(lease.acquire('3', term, performance.now(), REDIS_NOW_MS)).toBe(false);
    expect(lease.epoch()).toBeNull();
  });

  it('ends one lease after the outbox began to be read', () => {
    lease.acquire('3', lease.term(), performance.now() - timings.leaseMs, REDIS_NOW_MS);
    expect(lease.epoch()).toBeNull();
    lease.renew(lease.term(), performance.now(), REDIS_NOW_MS, true);
    expect(lease.epoch()).toBe('3');
  });

  it('distinguishes a renewal by a poll from one without', () => {
    const beganMs = performance.now() - timings.leaseMs;
    lease.acquire('3', lease.term(), beganMs, REDIS_NOW_MS);
    expect(lease.isPollFresh()).toBe(false);
    lease.renew(lease.term(), performance.now(), REDIS_NOW_MS, false);
    expect([lease.epoch(), lease.isPollFresh()]).toEqual(['3', false]);
    lease.renew(lease.term(), performance.now(), REDIS_NOW_MS, true);
    expect(lease.isPollFresh()).toBe(true);
    lease.revoke();
    expect(lease.isPollFresh()).toBe(false);
  });

  it('is not renewed by a poll that began before it was revoked', () => {
    acquire();
    const term = lease.term();
    lease.revoke();
    lease.renew(term, performance.now(), REDIS_NOW_MS, true);
    expect(lease.epoch()).toBeNull();
  });

  it('allows writes until its end by the clock of Redis, or less', () => {
    const beganMs = performance.now() - 20_000;
    lease.acquire('3', lease.term(), beganMs, REDIS_NOW_MS);
    // The clock of Redis was read at some moment since then.
    const leftMs = lease.current()!.writeUntilMs - REDIS_NOW_MS;
    expect(leftMs).toBeLessThanOrEqual(timings.leaseMs - 20_000);
    expect(leftMs).toBeGreaterThan(0);
  });

  it('allows writes for longer when it is renewed, and does not change earlier leases', () => {
    acquire();
    const taken = lease.current()!;
    const { writeUntilMs } = taken;
    lease.renew(lease.term(), performance.now(), REDIS_NOW_MS + 30_000, true);
    expect(lease.current()!.writeUntilMs).toBeGreaterThan(writeUntilMs);
    expect(taken.writeUntilMs).toBe(writeUntilMs);
  });

  it('wakes waiting callers when it is renewed after it has run out', async () => {
    lease.acquire('3', lease.term(), performance.now() - timings.leaseMs, REDIS_NOW_MS);
    const acquired = lease.acquired();
    lease.renew(lease.term(), performance.now(), REDIS_NOW_MS, true);
    await acquired;
  });

  it('is consistent again as soon as Redis has caught up', async () => {
    acquire();
    const consistent = lease.waitUntilConsistent();
    expect(lease.epoch()).toBeNull();
    acquire();
    await consistent;
  });

  it('is not consistent by a new epoch, in which other instances may lack the change', async () => {
    const short = new SyncLease(Object.assign(new SyncTimings(), { leaseMs: 50 }));
    short.acquire('3', short.term(), performance.now(), REDIS_NOW_MS);
    const startedMs = performance.now();
    const consistent = short.waitUntilConsistent();
    short.acquire('4', short.term(), performance.now(), REDIS_NOW_MS);
    await consistent;
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(49);
  });

  it('is consistent after the lease when it is not acquired again', async () => {
    const short = new SyncLease(Object.assign(new SyncTimings(), { leaseMs: 20 }));
    const startedMs = performance.now();
    await short.waitUntilConsistent();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(19);
  });
});
