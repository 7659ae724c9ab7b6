import { randomUUID } from 'node:crypto';
import type { Session } from '../../../libs/session/session';
import { RedisSessionStore } from '../../../libs/session/store/redis-session.store';
import { inTurns } from '../../support/in-turns';
import { connectRedisClient, type ConnectedRedis } from '../../support/redis-client';
import { endlessLease } from '../../support/stored-session';
import { keys } from '../../support/keys';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const EPOCH = '3';
const USERS = 2_000;
const AT_ONCE = 100;

describe('the memory of Redis for each session', () => {
  let redis: ConnectedRedis;
  let store: RedisSessionStore;
  /** The users of the measured half; the first half lets tables and buffers grow. */
  let users: string[];
  let first: number;

  beforeAll(async () => {
    redis = await connectRedisClient();
    store = new RedisSessionStore(redis.client);
    await redis.raw.set('latchkey:checkpoint', `${EPOCH}|1:1:|1`);
    users = Array.from({ length: USERS }, () => randomUUID());
    await forEachUser((index) => open(randomUUID(), index));
    first = await bytesAUser((index) => open(users[index]!, index));
  });

  afterAll(async () => {
    await redis.close();
  });

  async function forEachUser(work: (index: number) => Promise<unknown>): Promise<void> {
    await inTurns(USERS, AT_ONCE, work);
  }

  async function bytesAUser(work: (index: number) => Promise<unknown>): Promise<number> {
    const before = await usedMemory();
    await forEachUser(work);
    return ((await usedMemory()) - before) / USERS;
  }

  async function usedMemory(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(await redis.raw.info('memory'))?.[1]);
  }

  async function open(userId: string, index: number, more: Partial<Session> = {}): Promise<void> {
    // Each with an expiry of its own, in the same minute.
    const expiresAtMs = NOW_MS + DAY_MS + index;
    const usual = { id: randomUUID(), userId, role: 'user', generation: 1, expiresAtMs };
    const session: Session = { ...usual, ...more };
    expect(await store.open(session, endlessLease(EPOCH), NOW_MS)).toBe('opened');
  }

  // Redis itself needs some 320 of them for two keys with these names and a TTL.
  it('a user with one session takes at most 410 bytes, index and all', () => {
    expect(first).toBeGreaterThan(250);
    expect(first).toBeLessThanOrEqual(410);
  });

  it('a further session takes at most 100 bytes', async () => {
    const further = await bytesAUser((index) => open(users[index]!, index));
    expect(further).toBeGreaterThan(30);
    expect(further).toBeLessThanOrEqual(100);
  });

  it.each<[string, number, Partial<Session>]>([
    ['with an idle time-out', 130, { idleAtMs: NOW_MS + DAY_MS / 2 }],
    [
      'with another proof of identity',
      130,
      { detailsVersion: 1, authenticatedAtMs: NOW_MS, amr: ['pwd'] },
    ],
  ])('a further session %s takes at most %i bytes', async (_with, most, more) => {
    const further = await bytesAUser((index) => open(users[index]!, index, more));
    expect(further).toBeGreaterThan(30);
    expect(further).toBeLessThanOrEqual(most);
  });

  it('a tombstone takes the size of its name: its value is one that Redis shares', async () => {
    const [userId, sessionId] = [users[0]!, randomUUID()];
    await store.revoke(userId, { sessionId, ttlMs: DAY_MS });
    const tombstone = keys.tombstone(userId, sessionId);
    const bare = keys.tombstone(userId, randomUUID());
    await redis.raw.set(bare, 1, 'PX', DAY_MS);
    const sizes = [tombstone, bare].map((key) => redis.raw.memory('USAGE', key));
    const [actual, least] = await Promise.all(sizes);
    expect(actual).toBe(least);
  });
});
