import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { RecountInterruptedError, STATISTICS_KEY } from '../../../libs/statistics';
import { StatisticsRecount, type Countable } from '../../../libs/statistics/statistics-recount';
import { StatisticsService } from '../../../libs/statistics/statistics.service';
import { SessionRecount } from '../../../libs/session/session-recount';
import { RedisSessionStore } from '../../../libs/session/store/redis-session.store';
import { RedisProfileStore } from '../../../libs/profile-cache/redis-profile.store';
import { Metrics } from '../../../libs/metrics';
import type { Session } from '../../../libs/session/session';
import { connectRedisClient, type ConnectedRedis } from '../../support/redis-client';
import { bruteForceStatistics } from '../../support/statistics';
import { endlessLease, fieldsOf, membersOf, sessionField } from '../../support/stored-session';

const ERA = '3';
const LEASE = endlessLease(ERA);
const HOUR_MS = 3_600_000;
interface Operation {
  name: 'open' | 'prolong' | 'revoke' | 'revokeAll' | 'cache' | 'publish' | 'clear';
  user: string;
  minutes: number;
  pick: number;
}

const NOTHING = { activeSessions: 0, cachedProfiles: 0, blacklistedTokens: 0 };

describe('statistics', () => {
  let redis: ConnectedRedis;
  let sessions: RedisSessionStore;
  let profiles: RedisProfileStore;
  let statistics: StatisticsService;
  let nowMs: number;
  const clock = { nowMs: () => nowMs };

  beforeAll(async () => {
    redis = await connectRedisClient();
    sessions = new RedisSessionStore(redis.client);
    profiles = new RedisProfileStore(redis.client, { ttlSeconds: 1800 });
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
    await redis.raw.set('latchkey:position', `${ERA}|1:1:|1`);
  }

  /** @param aroundEach called before and after each script of the recount. */
  function newRecount(aroundEach: () => Promise<unknown> = () => Promise.resolve()) {
    const recount = new StatisticsRecount(redis.client, clock);
    const register = (countable: Countable) =>
      recount.register({
        subjectOf: countable.subjectOf,
        async recount(subjects, number) {
          await aroundEach();
          // One at a time, so that more happens in between.
          let removed = 0;
          for (const subject of subjects) {
            const one = await countable.recount([subject], number);
            if (one === null) {
              return null;
            }
            removed += one;
            await aroundEach();
          }
          return removed;
        },
      });
    new SessionRecount({ register } as StatisticsRecount, sessions, clock).onModuleInit();
    register({
      subjectOf: (key) => (key.startsWith('user:profile:') ? key : null),
      recount: (keys, number) => profiles.recount(keys, number),
    });
    return recount;
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
    const lease = await profiles.lease(userId, ERA);
    if (lease && 'entry' in lease) {
      await profiles.fill(aProfile(userId, version), lease);
    }
  }

  const bruteForce = () => bruteForceStatistics(redis.raw, nowMs);

  describe('reading', () => {
    it('begins with nothing', async () => {
      expect(await statistics.read()).toEqual(NOTHING);
    });

    it('takes out what has expired, minute by minute', async () => {
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
      expect(await redis.raw.hkeys(STATISTICS_KEY)).not.toContainEqual(
        expect.stringMatching(/^s:/),
      );
    });

    it('takes out what has expired after a silence of days', async () => {
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

    it('counts what another era left no more, but its tombstones', async () => {
      const userId = randomUUID();
      const [ended, alive] = [aSession(userId, 60), aSession(userId, 60)];
      await sessions.open(alive, LEASE, nowMs);
      await cacheProfile(userId);
      await sessions.revoke(userId, { sessionId: ended.id, ttlMs: HOUR_MS });
      await redis.raw.set('latchkey:position', `4|1:1:|1`);
      const counted = { ...NOTHING, blacklistedTokens: 1 };
      expect(await statistics.read()).toEqual(counted);
      // What is left of the other era goes, and takes nothing of this one along.
      await sessions.revoke(userId, { sessionId: alive.id, ttlMs: 0 });
      await sessions.open(aSession(userId, 60), endlessLease('4'), nowMs);
      expect(await statistics.read()).toEqual({ ...counted, activeSessions: 1 });
    });

    it('costs the same commands whatever there is to count', async () => {
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

  describe('recounting', () => {
    async function plantDrift(): Promise<void> {
      const users = Array.from({ length: 20 }, () => randomUUID());
      for (const userId of users) {
        const [first, second] = [aSession(userId, 30), aSession(userId, 60)];
        await sessions.open(first, LEASE, nowMs);
        await sessions.open(second, LEASE, nowMs);
        await sessions.revoke(userId, { sessionId: first.id, ttlMs: HOUR_MS });
        await cacheProfile(userId);
      }
      await redis.raw.del(`session:{${users[0]}}`, `user:profile:{${users[1]}}`);
      const [tombstone] = await redis.raw.keys(`blacklist:{${users[2]}}:*`);
      await redis.raw.del(tombstone!);
      await statistics.read();
      await redis.raw.hincrby(STATISTICS_KEY, 's', 5);
    }

    it('finds no drift where there is none', async () => {
      for (let user = 0; user < 20; user++) {
        const userId = randomUUID();
        await sessions.open(aSession(userId, 30), LEASE, nowMs);
        await cacheProfile(userId);
      }
      const { drift } = await newRecount().run();
      expect(drift).toEqual(NOTHING);
      expect(await statistics.read()).toEqual({
        activeSessions: 20,
        cachedProfiles: 20,
        blacklistedTokens: 0,
      });
    });

    it('tells planted drift, and repairs it', async () => {
      await plantDrift();
      const { drift } = await newRecount().run();
      expect(drift).toEqual({ activeSessions: 6, cachedProfiles: 1, blacklistedTokens: 1 });
      expect(await statistics.read()).toEqual({
        activeSessions: 19,
        cachedProfiles: 19,
        blacklistedTokens: 19,
      });
      expect((await newRecount().run()).drift).toEqual(NOTHING);
    });

    it('counts again what was not counted at all', async () => {
      await plantDrift();
      await redis.raw.del(STATISTICS_KEY);
      await newRecount().run();
      expect(await statistics.read()).toEqual(await bruteForce());
    });

    it('takes out members that nothing needs, and leaves what lives', async () => {
      const userId = randomUUID();
      const key = `session:{${userId}}`;
      const index = `user:tokens:{${userId}}`;
      const [expired, living] = [aSession(userId, 5), aSession(userId, 60)];
      await sessions.open(expired, LEASE, nowMs);
      await sessions.open(living, LEASE, nowMs);
      await redis.raw.zadd(index, nowMs, 'in the index alone');
      await redis.raw.hset(key, 'of another release', `1|user|${nowMs}|${living.expiresAtMs}`);
      await redis.raw.zadd(`user:tokens:{${randomUUID()}}`, nowMs, 'without a user');
      nowMs += 10 * 60_000;
      expect((await newRecount().run()).removedMembers).toBe(4);
      expect((await fieldsOf(redis.raw, key)).sort()).toEqual(['#', living.id].sort());
      expect(await membersOf(redis.raw, index)).toEqual([living.id]);
      expect(await redis.raw.keys('user:tokens:*')).toEqual([index]);
      await redis.raw.zrem(index, sessionField(living.id));
      await newRecount().run();
      expect(await membersOf(redis.raw, index)).toEqual([living.id]);
      expect(await statistics.read()).toEqual({ ...NOTHING, activeSessions: 1 });
    });

    it('leaves no trace of a mark that a reader of profiles could stumble over', async () => {
      const userId = randomUUID();
      await cacheProfile(userId);
      await newRecount().run();
      expect(await profiles.lease(userId, ERA)).toEqual(aProfile(userId, 1));
      expect(await redis.raw.ttl(`user:profile:{${userId}}`)).toBeGreaterThan(1500);
    });

    it.each<[string, () => Promise<unknown>]>([
      ['another recount begins', () => newRecount().run()],
      ['Redis loses everything', () => redis.raw.flushall()],
      ['another era begins', () => redis.raw.set('latchkey:position', '4|1:1:|1')],
    ])('changes nothing when %s meanwhile', async (_what, happen) => {
      await sessions.open(aSession(randomUUID(), 30), LEASE, nowMs);
      const fields = () => redis.raw.hgetall(STATISTICS_KEY);
      let after: unknown;
      const interfere = async () => {
        if (after === undefined) {
          await happen();
          after = await fields();
        }
      };
      await expect(newRecount(interfere).run()).rejects.toThrow(RecountInterruptedError);
      expect(await fields()).toMatchObject(after as object);
    });

    it('ends when it is told to, and the next one counts', async () => {
      await plantDrift();
      const stopped = newRecount().run(AbortSignal.abort(new Error('stopping')));
      await expect(stopped).rejects.toThrow('stopping');
      expect(await redis.raw.hexists(STATISTICS_KEY, '#recount')).toBe(1);
      await newRecount().run();
      expect(await statistics.read()).toEqual(await bruteForce());
      expect(await redis.raw.hexists(STATISTICS_KEY, '#recount')).toBe(0);
    });
  });

  it('agree with a count key by key, whatever goes on while they are recounted', async () => {
    const users = Array.from({ length: 4 }, () => randomUUID());
    const operation: fc.Arbitrary<Operation> = fc.record({
      name: fc.constantFrom<Operation['name'][]>(
        'open',
        'prolong',
        'revoke',
        'revokeAll',
        'cache',
        'publish',
        'clear',
      ),
      user: fc.constantFrom(...users),
      minutes: fc.integer({ min: 1, max: 90 }),
      pick: fc.nat({ max: 20 }),
    });
    const loss = fc.record({
      key: fc.constantFrom('session:', 'user:profile:', 'blacklist:', 'latchkey:statistics'),
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
        case 'publish':
          await profiles.publish(aProfile(user, pick), ERA);
          return;
        case 'clear':
          return profiles.clear(user);
      }
    };

    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 30 }),
        fc.array(loss, { maxLength: 2 }),
        fc.array(operation, { maxLength: 60 }),
        fc.integer({ min: 0, max: 100 }),
        async (before, losses, meanwhile, passedMinutes) => {
          await reset();
          const opened: Session[] = [];
          const generations = new Map<string, number>();
          for (const each of before) {
            await perform(opened, generations, each);
          }
          for (const { key } of losses) {
            const [lost] = await redis.raw.keys(`${key}*`);
            await redis.raw.del(lost ?? 'nothing');
          }
          const left = [...meanwhile];
          const next = async () => {
            const each = left.shift();
            await (each && perform(opened, generations, each));
          };
          await newRecount(next).run();
          expect(await statistics.read()).toEqual(await bruteForce());
          for (const each of left) {
            await perform(opened, generations, each);
          }
          nowMs += passedMinutes * 60_000;
          expect(await statistics.read()).toEqual(await bruteForce());
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);
});
