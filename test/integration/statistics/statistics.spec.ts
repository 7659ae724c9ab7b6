import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { StatisticsService } from '../../../libs/statistics/statistics.service';
import { SessionCleanUp } from '../../../libs/session/session-clean-up';
import { SessionLifetimes } from '../../../libs/session/session-lifetimes';
import { RedisSessionStore } from '../../../libs/session/store/redis-session.store';
import { RedisEntryStore } from '../../../libs/cache/redis-entry.store';
import { Metrics } from '../../../libs/metrics';
import type { Session } from '../../../libs/session/session';
import { ProfileCache, type VersionedProfile } from '../../../libs/user';
import { connectRedisClient, type ConnectedRedis } from '../../support/redis-client';
import { bruteForceStatistics } from '../../support/statistics';
import { endlessLease, fieldsOf, membersOf } from '../../support/stored-session';
import { keys } from '../../support/keys';

const EPOCH = '3';
const LEASE = endlessLease(EPOCH);
const HOUR_MS = 3_600_000;
interface Operation {
  name: 'open' | 'prolong' | 'revoke' | 'revokeAll' | 'cache' | 'fence' | 'clear' | 'cleanUp';
  user: string;
  minutes: number;
  pick: number;
}

const NOTHING = { activeSessions: 0, cachedProfiles: 0, blacklistedTokens: 0 };

describe('statistics', () => {
  let redis: ConnectedRedis;
  let sessions: RedisSessionStore;
  let profiles: RedisEntryStore<VersionedProfile>;
  let statistics: StatisticsService;
  let nowMs: number;
  const clock = { nowMs: () => nowMs };

  beforeAll(async () => {
    redis = await connectRedisClient();
    sessions = new RedisSessionStore(redis.client);
    profiles = new RedisEntryStore(redis.client, ProfileCache.definition, { ttlSeconds: 1800 });
    statistics = new StatisticsService(redis.client, clock, new Metrics());
  });

  afterAll(async () => {
    await redis.close();
  });

  beforeEach(async () => {
    await reset();
  });

  async function reset(): Promise<void> {
    nowMs = Date.now();
    await redis.raw.flushall();
    await redis.raw.set('latchkey:checkpoint', `${EPOCH}|1:1:|1`);
  }

  /** Of Redis alone. */
  function removeExpired(signal?: AbortSignal): Promise<number> {
    const unused = undefined as never;
    const lifetimes = new SessionLifetimes(clock, unused, unused);
    return new SessionCleanUp(unused, unused, sessions, lifetimes).removeExpired(signal);
  }

  const aSession = (userId: string, minutes: number, generation = 1): Session => ({
    id: randomUUID(),
    userId,
    role: 'user',
    generation,
    expiresAtMs: nowMs + minutes * 60_000,
  });

  const aProfile = (id: string, version: number) => ({
    version,
    profile: {
      id,
      email: 'ada@example.com',
      displayName: 'Ada [1]',
      bio: ']',
      avatarUrl: null,
      role: 'user',
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
    },
  });

  async function cacheProfile(userId: string, version = 1): Promise<void> {
    const lease = await profiles.lease(userId, EPOCH);
    if (lease && 'leased' in lease) {
      await profiles.fill(userId, aProfile(userId, version), lease);
    }
  }

  const bruteForce = () => bruteForceStatistics(redis.raw, nowMs);

  describe('reading', () => {
    it('begins with zero', async () => {
      expect(await statistics.read()).toEqual(NOTHING);
    });

    it('removes expired entries, minute by minute', async () => {
      const userId = randomUUID();
      for (const minutes of [2, 2, 5, 60]) {
        await sessions.open(aSession(userId, minutes), LEASE, nowMs);
      }
      const counts: number[] = [];
      const beganMs = nowMs;
      for (const minutes of [0, 1.5, 3.01, 4, 6.01, 61.01]) {
        nowMs = beganMs + minutes * 60_000;
        counts.push((await statistics.read()).activeSessions);
      }
      expect(counts).toEqual([4, 4, 2, 2, 1, 0]);
      expect(await redis.raw.hkeys(keys.statistics(0))).not.toContainEqual(
        expect.stringMatching(/^s:/),
      );
    });

    it('removes expired entries after days without a read', async () => {
      await statistics.read();
      await sessions.open(aSession(randomUUID(), 10), LEASE, nowMs);
      await sessions.open(aSession(randomUUID(), 5 * 24 * 60), LEASE, nowMs);
      nowMs += 3 * 24 * HOUR_MS;
      expect((await statistics.read()).activeSessions).toBe(1);
    });

    it('recovers from a reader whose clock was days ahead', async () => {
      const rightMs = nowMs;
      nowMs += 3 * 24 * HOUR_MS;
      await statistics.read();
      nowMs = rightMs;
      await statistics.read();
      await sessions.open(aSession(randomUUID(), 10), LEASE, nowMs);
      expect((await statistics.read()).activeSessions).toBe(1);
    });

    it('stops counting entries of another epoch, except tombstones', async () => {
      const userId = randomUUID();
      const [ended, alive] = [aSession(userId, 60), aSession(userId, 60)];
      await sessions.open(alive, LEASE, nowMs);
      await cacheProfile(userId);
      await sessions.revoke(userId, { sessionId: ended.id, ttlMs: HOUR_MS });
      await redis.raw.set('latchkey:checkpoint', `4|1:1:|1`);
      const counted = { ...NOTHING, blacklistedTokens: 1 };
      expect(await statistics.read()).toEqual(counted);
      // The rest of the other epoch is removed, and nothing of this one.
      await sessions.revoke(userId, { sessionId: alive.id, ttlMs: 0 });
      await sessions.open(aSession(userId, 60), endlessLease('4'), nowMs);
      expect(await statistics.read()).toEqual({ ...counted, activeSessions: 1 });
    });

    it('costs the same commands for any number of sessions', async () => {
      await statistics.read();
      const commands = async () => {
        await redis.raw.config('RESETSTAT');
        await statistics.read();
        return (await redis.raw.info('commandstats')).match(/cmdstat_\w+:calls=\d+/g)!.sort();
      };
      const few = await commands();
      for (let minutes = 1; minutes <= 200; minutes++) {
        await sessions.open(aSession(randomUUID(), minutes), LEASE, nowMs);
      }
      expect(await commands()).toEqual(few);
      expect(few.join()).not.toMatch(/scan|keys|hgetall/);
    });
  });

  describe('heal when the minute of the expiry has passed:', () => {
    it.each<[string, (userId: string) => Promise<unknown>]>([
      ['a hash of sessions is deleted', (userId) => redis.raw.del(`session:{${userId}}`)],
      ['a cached profile is evicted', (userId) => redis.raw.del(`user:profile:{${userId}}`)],
      [
        'a tombstone is deleted',
        async (userId) => redis.raw.del((await redis.raw.keys(`blacklist:{${userId}}:*`))[0]!),
      ],
      ['the counters are deleted', () => redis.raw.del(keys.statistics(0))],
      ['a counter is changed', () => redis.raw.hset(keys.statistics(0), 's:0', 5)],
    ])('%s', async (_what, damage) => {
      const userId = randomUUID();
      const [first, second] = [aSession(userId, 30), aSession(userId, 40)];
      await sessions.open(first, LEASE, nowMs);
      await sessions.open(second, LEASE, nowMs);
      await sessions.revoke(userId, { sessionId: first.id, ttlMs: 30 * 60_000 });
      await cacheProfile(userId);
      await damage(userId);
      await sessions.open(aSession(userId, 90), LEASE, nowMs);
      await sessions.revoke(userId, { sessionId: second.id, ttlMs: 1_000 });
      nowMs += 60 * 60_000;
      expect(await statistics.read()).toEqual({ ...NOTHING, activeSessions: 1 });
    });

    it('and are never below zero before that', async () => {
      const userId = randomUUID();
      const session = aSession(userId, 30);
      await sessions.open(session, LEASE, nowMs);
      await redis.raw.del(keys.statistics(0));
      await sessions.revoke(userId, { sessionId: session.id, ttlMs: 0 });
      expect(await statistics.read()).toEqual(NOTHING);
    });
  });

  describe('expired sessions are removed', () => {
    const keyOf = (userId: string) => `session:{${userId}}`;
    const indexOf = (userId: string) => `user:tokens:{${userId}}`;

    async function expectLeft(userId: string, ...left: Session[]): Promise<void> {
      const ids = left.map(({ id }) => id);
      expect((await fieldsOf(redis.raw, keyOf(userId))).sort()).toEqual(['#', ...ids].sort());
      expect((await membersOf(redis.raw, indexOf(userId))).sort()).toEqual([...ids].sort());
      expect((await statistics.read()).activeSessions).toBe(ids.length);
    }

    it.each<[string, (next: Session, lasting: Session) => Promise<unknown>]>([
      ['when the user opens one', (next) => sessions.open(next, LEASE, nowMs)],
      ['when the user refreshes one', (_, lasting) => sessions.open(lasting, LEASE, nowMs)],
      ['by the clean-up', () => removeExpired()],
    ])('%s', async (_when, act) => {
      const userId = randomUUID();
      const [expired, lasting] = [aSession(userId, 5), aSession(userId, 60)];
      await sessions.open(expired, LEASE, nowMs);
      await sessions.open(lasting, LEASE, nowMs);
      await redis.raw.zadd(indexOf(userId), nowMs / 1000, 'in the index alone');
      nowMs += 10 * 60_000;
      const next = aSession(userId, 60);
      await act(next, { ...lasting, expiresAtMs: nowMs + HOUR_MS });
      const isOpened = (await fieldsOf(redis.raw, keyOf(userId))).includes(next.id);
      await expectLeft(userId, lasting, ...(isOpened ? [next] : []));
    });

    it('all of them, for any number per user, and of every user', async () => {
      const userIds = Array.from({ length: 30 }, () => randomUUID());
      const crowd = randomUUID();
      const opening = [...userIds, ...Array.from({ length: 600 }, () => crowd)];
      await Promise.all(opening.map((userId) => sessions.open(aSession(userId, 5), LEASE, nowMs)));
      const lasting = aSession(crowd, 60);
      await sessions.open(lasting, LEASE, nowMs);
      nowMs += 6 * 60_000;
      expect(await removeExpired()).toBe(630);
      await expectLeft(crowd, lasting);
    });

    it('until the clean-up is aborted', async () => {
      const ended = removeExpired(AbortSignal.abort(new Error('stopping')));
      await expect(ended).rejects.toThrow('stopping');
    });
  });

  it('agree with a count key by key', async () => {
    const users = Array.from({ length: 4 }, () => randomUUID());
    const operation: fc.Arbitrary<Operation> = fc.record({
      name: fc.constantFrom<Operation['name'][]>(
        'open',
        'prolong',
        'revoke',
        'revokeAll',
        'cache',
        'fence',
        'clear',
        'cleanUp',
      ),
      user: fc.constantFrom(...users),
      minutes: fc.integer({ min: 1, max: 90 }),
      pick: fc.nat({ max: 20 }),
    });
    const perform = async (
      opened: Session[],
      generations: Map<string, number>,
      { name, user, minutes, pick }: Operation,
    ): Promise<void> => {
      const generation = generations.get(user) ?? 1;
      const known = opened[pick % Math.max(1, opened.length)];
      switch (name) {
        case 'open': {
          const session = aSession(user, minutes, generation);
          opened.push(session);
          await sessions.open(session, LEASE, nowMs);
          return;
        }
        case 'prolong':
          if (known) {
            known.expiresAtMs = nowMs + minutes * 60_000;
            await sessions.open(known, LEASE, nowMs);
          }
          return;
        case 'revoke':
          if (known) {
            await sessions.revoke(known.userId, { sessionId: known.id, ttlMs: minutes * 60_000 });
          }
          return;
        case 'revokeAll':
          generations.set(user, generation + 1);
          await sessions.revokeAll({ userId: user, generation: generation + 1 }, [], HOUR_MS);
          return;
        case 'cache':
          return cacheProfile(user, pick);
        case 'fence':
          await profiles.fence(user, pick);
          return;
        case 'clear':
          return profiles.clear(user);
        case 'cleanUp':
          await removeExpired();
      }
    };

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(operation, fc.nat({ max: 20 })), { maxLength: 60 }),
        async (steps) => {
          await reset();
          const opened: Session[] = [];
          const generations = new Map<string, number>();
          for (const [each, passedMinutes] of steps) {
            await perform(opened, generations, each);
            nowMs += passedMinutes * 60_000;
            expect(await statistics.read()).toEqual(await bruteForce());
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});
