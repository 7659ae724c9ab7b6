import { randomUUID } from 'node:crypto';
import { RedisEntryStore, type Lease } from '../../../libs/cache/redis-entry.store';
import { ProfileCache, type VersionedProfile } from '../../../libs/user';
import { connectRedisClient, type ConnectedRedis } from '../../support/redis-client';
import { keys } from '../../support/keys';

const EPOCH = '3';
const TTL_SECONDS = 1800;

describe('scripts of the caches', () => {
  let redis: ConnectedRedis;
  let store: RedisEntryStore<VersionedProfile>;
  let userId: string;

  beforeAll(async () => {
    redis = await connectRedisClient();
    store = new RedisEntryStore(redis.client, ProfileCache.definition, { ttlSeconds: TTL_SECONDS });
  });

  afterAll(async () => {
    await redis.close();
  });

  beforeEach(async () => {
    await redis.raw.flushall();
    await redis.raw.set('latchkey:checkpoint', `${EPOCH}|1:1:|1`);
    userId = randomUUID();
  });

  /** After each test the statistics equal a count of the cached profiles. */
  afterEach(async () => {
    const counted = Number(await redis.raw.hget(keys.statistics(0), 'p'));
    const profiles = await redis.raw.keys('user:profile:*');
    const entries = await Promise.all(profiles.map((key) => redis.raw.get(key)));
    const cached = entries.filter((entry) => /^\d+:\d+:[^~]/.test(entry ?? ''));
    expect(counted).toBe(cached.length);
  });

  const key = () => `user:profile:{${userId}}`;

  function at(version: number): VersionedProfile {
    return {
      version,
      profile: {
        id: userId,
        email: 'ada@example.com',
        displayName: `version ${version}`,
        bio: null,
        avatarUrl: null,
        role: 'user',
        createdAt: '2026-01-01T00:00:00.000Z',
        updatedAt: '2026-01-01T00:00:00.000Z',
      },
    };
  }

  async function cachedVersion(epoch = EPOCH): Promise<number | null> {
    return store.codec.decode(await redis.raw.get(key()), epoch)?.version ?? null;
  }

  async function lease(): Promise<Lease> {
    const leased = await store.lease(userId, EPOCH);
    if (!leased || !('leased' in leased)) {
      throw new Error('no lease was given');
    }
    return leased;
  }

  /** The steps of a reader after a miss. */
  async function readThrough(version: number): Promise<void> {
    expect(await store.fill(userId, at(version), await lease())).toBe(true);
  }

  it('a reader fills its leased entry, for a little less than the TTL', async () => {
    await readThrough(4);
    expect(await cachedVersion()).toBe(4);
    const ttlMs = await redis.raw.pttl(key());
    expect(ttlMs).toBeGreaterThan(TTL_SECONDS * 900 - 1000);
    expect(ttlMs).toBeLessThanOrEqual(TTL_SECONDS * 1000);
  });

  it('a profile that was filled meanwhile is returned instead of a lease', async () => {
    await readThrough(4);
    expect(await store.lease(userId, EPOCH)).toEqual(at(4));
  });

  it('readers share a lease, and one of them fills it', async () => {
    const [first, second] = [await lease(), await lease()];
    expect(second).toEqual(first);
    expect(await store.fill(userId, at(4), second)).toBe(true);
    expect(await store.fill(userId, at(4), first)).toBe(false);
    expect(await cachedVersion()).toBe(4);
  });

  it.each<[string, (store: RedisEntryStore<VersionedProfile>) => Promise<unknown>]>([
    ['a fence was put up', (store) => store.fence(userId, 5)],
    ['the profile was cleared', (store) => store.clear(userId)],
    ['everything was lost', () => redis.raw.flushall()],
    ['the entry was evicted', () => redis.raw.del(key())],
    [
      'a fence was put up and evicted',
      async (store) => {
        await store.fence(userId, 5);
        await redis.raw.del(key());
      },
    ],
    [
      'a fence was put up and evicted, and another reader came',
      async (store) => {
        await store.fence(userId, 5);
        await redis.raw.del(key());
        await lease();
      },
    ],
  ])('a lease is void once %s', async (_, happens) => {
    const taken = await lease();
    await happens(store);
    expect(await store.fill(userId, at(4), taken)).toBe(false);
    expect(await cachedVersion()).toBeNull();
  });

  it('a fence does not end earlier for being leased', async () => {
    await store.fence(userId, 5);
    await lease();
    expect(await redis.raw.pttl(key())).toBeGreaterThan(TTL_SECONDS * 1000 - 10_000);
  });

  it('no lease is given in another epoch', async () => {
    expect(await store.lease(userId, '2')).toBeNull();
    await redis.raw.del('latchkey:checkpoint');
    expect(await store.lease(userId, EPOCH)).toBeNull();
    expect(await redis.raw.exists(key())).toBe(0);
  });

  it('an entry that was filled in another epoch is read as nothing, and leased again', async () => {
    await readThrough(9);
    await redis.raw.set('latchkey:checkpoint', '4|1:1:|1');
    expect(await store.fence(userId, 2)).toBe(true);
    expect(await cachedVersion('4')).toBeNull();
    expect(await store.lease(userId, '4')).toMatchObject({ epoch: '4' });
  });

  it('an entry of another format is leased again', async () => {
    await readThrough(4);
    const foreign = (await redis.raw.get(key()))!.replace(/^(\d+:\d+:)1/, '$12');
    await redis.raw.set(key(), foreign, 'KEEPTTL');
    expect(await cachedVersion()).toBeNull();
    await readThrough(4);
    expect(await cachedVersion()).toBe(4);
  });

  it('a change leaves a fence, which its repetition does not set again', async () => {
    await readThrough(4);
    expect(await store.fence(userId, 5)).toBe(true);
    expect(await redis.raw.get(key())).toBe(`${EPOCH}:5:`);
    const taken = await lease();
    expect(await store.fence(userId, 5)).toBe(false);
    expect(await store.fill(userId, at(5), taken)).toBe(true);
    expect(await store.fence(userId, 5)).toBe(false);
    expect(await cachedVersion()).toBe(5);
  });

  it('of two changes the later stays, in either order of arrival', async () => {
    await store.fence(userId, 6);
    expect(await store.fence(userId, 5)).toBe(false);
    expect(await redis.raw.get(key())).toBe(`${EPOCH}:6:`);
  });

  it('clearing keeps the version as a fence', async () => {
    await readThrough(4);
    await store.clear(userId);
    expect(await redis.raw.get(key())).toBe(`${EPOCH}:4:`);
    await store.clear(userId);
    expect(await store.fence(userId, 4)).toBe(false);
    expect(await cachedVersion()).toBeNull();
  });
});
