import { randomUUID } from 'node:crypto';
import { RedisSessionStore } from '../../../libs/session/store/redis-session.store';
import { RedisSessionReader } from '../../../libs/session/store/redis-session-reader';
import type { Session } from '../../../libs/session/session';
import { NoTracer } from '../../../libs/tracing';
import { MovableClock } from '../../support/clock';
import { connectRedisClient, redisNowMs, type ConnectedRedis } from '../../support/redis-client';
import { endlessLease, fieldsOf, membersOf, sessionField } from '../../support/stored-session';
import { keys } from '../../support/keys';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const EPOCH = '3';
const LEASE = endlessLease(EPOCH);

describe('session scripts', () => {
  let redis: ConnectedRedis;
  let store: RedisSessionStore;
  let verifier: RedisSessionReader;
  const clock = new MovableClock();

  beforeAll(async () => {
    redis = await connectRedisClient();
    store = new RedisSessionStore(redis.client);
    verifier = new RedisSessionReader(redis.client, new NoTracer(), clock);
    await redis.raw.set('latchkey:checkpoint', `${EPOCH}|1:1:|1`);
  });

  afterAll(async () => {
    await redis.close();
  });

  function aSession(overrides: Partial<Session> = {}): Session {
    return {
      id: randomUUID(),
      userId: randomUUID(),
      role: 'user',
      generation: 1,
      expiresAtMs: NOW_MS + HOUR_MS,
      ...overrides,
    };
  }

  async function state(session: Session, nowMs = NOW_MS, epoch = EPOCH) {
    clock.stopAt(nowMs);
    return (await verifier.verify(session.userId, session.id, epoch)).state;
  }

  /** Runs work in another epoch, and returns to the current one. */
  async function inEpoch(epoch: string, work: () => Promise<unknown>): Promise<void> {
    await redis.raw.set('latchkey:checkpoint', `${epoch}|1:1:|1`);
    await work();
    await redis.raw.set('latchkey:checkpoint', `${EPOCH}|1:1:|1`);
  }

  async function counted(kind: 's' | 'b'): Promise<number> {
    const fields = Object.entries(await redis.raw.hgetall(keys.statistics(0)));
    return fields
      .filter(([field]) => field.startsWith(`${kind}:`))
      .reduce((sum, [, count]) => sum + Number(count), 0);
  }

  describe('open-session', () => {
    it('makes a session live, with the given fields', async () => {
      const session = aSession({ role: 'admin', generation: 7 });
      expect(await store.open(session, LEASE, NOW_MS)).toBe('opened');
      expect(await verifier.verify(session.userId, session.id, EPOCH)).toEqual({
        state: 'live',
        session,
        cachedProfile: null,
      });
    });

    it('may be repeated without counting twice', async () => {
      const before = await counted('s');
      const session = aSession();
      await store.open(session, LEASE, NOW_MS);
      expect(await store.open(session, LEASE, NOW_MS)).toBe('opened');
      expect(await counted('s')).toBe(before + 1);
    });

    it('refuses over a tombstone and writes nothing', async () => {
      const session = aSession();
      await store.revoke(session.userId, { sessionId: session.id, ttlMs: HOUR_MS });
      expect(await store.open(session, LEASE, NOW_MS)).toBe('revoked');
      expect(await redis.raw.exists(keys.sessions(session.userId))).toBe(0);
    });

    it('refuses a generation older than the known one', async () => {
      const session = aSession({ generation: 3 });
      await store.revokeAll({ userId: session.userId, generation: 4 }, [], HOUR_MS);
      expect(await store.open(session, LEASE, NOW_MS)).toBe('stale-generation');
      expect(await state(session)).toBe('unknown');
    });

    it('keeps the later expiry, so that a slow reader does not undo a refresh', async () => {
      const prolonged = aSession({ expiresAtMs: NOW_MS + 2 * HOUR_MS });
      await store.open(prolonged, LEASE, NOW_MS);
      const asReadBefore = { ...prolonged, expiresAtMs: NOW_MS + HOUR_MS };
      expect(await store.open(asReadBefore, LEASE, NOW_MS)).toBe('opened');
      expect(await state(prolonged, NOW_MS + 1.5 * HOUR_MS)).toBe('live');
    });

    it('refuses when another epoch has begun since the record was read', async () => {
      const session = aSession();
      for (const lease of [...['2', '4', ''].map(endlessLease), null]) {
        expect(await store.open(session, lease, NOW_MS)).toBe('other-epoch');
      }
      expect(await redis.raw.exists(keys.sessions(session.userId))).toBe(0);
    });

    it('refuses after the deadline of the write, by the clock of Redis', async () => {
      const session = aSession();
      const nowMs = await redisNowMs(redis.raw);
      expect(await store.open(session, { epoch: EPOCH, writeUntilMs: nowMs - 1 }, NOW_MS)).toBe(
        'lease-ended',
      );
      expect(await redis.raw.exists(keys.sessions(session.userId))).toBe(0);
      const lease = { epoch: EPOCH, writeUntilMs: nowMs + HOUR_MS };
      expect(await store.open(session, lease, NOW_MS)).toBe('opened');
    });

    it('returns that a session was revoked, also after that deadline', async () => {
      const session = aSession();
      await store.revoke(session.userId, { sessionId: session.id, ttlMs: HOUR_MS });
      expect(await store.open(session, { epoch: EPOCH, writeUntilMs: 0 }, NOW_MS)).toBe('revoked');
    });

    it('refuses on data without a checkpoint: it may have been emptied a moment ago', async () => {
      const checkpoint = (await redis.raw.getdel('latchkey:checkpoint'))!;
      expect(await store.open(aSession(), LEASE, NOW_MS)).toBe('other-epoch');
      await redis.raw.set('latchkey:checkpoint', checkpoint);
    });

    it('removes the entries of the user from another epoch, and stops counting them', async () => {
      const { userId } = aSession();
      const before = await counted('s');
      await inEpoch('2', () => store.open(aSession({ userId }), endlessLease('2'), NOW_MS));
      const session = aSession({ userId });
      await store.open(session, LEASE, NOW_MS);
      const fields = await fieldsOf(redis.raw, keys.sessions(userId));
      expect(fields.sort()).toEqual(['#', session.id].sort());
      expect(await redis.raw.zcard(keys.index(userId))).toBe(1);
      expect(await counted('s')).toBe(before + 1);
    });

    it('gives keys the life of the longest session and never shortens it', async () => {
      const long = aSession({ expiresAtMs: NOW_MS + 5 * HOUR_MS });
      const short = aSession({ userId: long.userId, expiresAtMs: NOW_MS + HOUR_MS });
      await store.open(long, LEASE, NOW_MS);
      await store.open(short, LEASE, NOW_MS);
      for (const key of [keys.sessions(long.userId), keys.index(long.userId)]) {
        const ttlMs = await redis.raw.pttl(key);
        expect(ttlMs).toBeGreaterThan(4.9 * HOUR_MS);
        expect(ttlMs).toBeLessThanOrEqual(5 * HOUR_MS);
      }
    });

    it('indexes sessions by their expiry', async () => {
      const session = aSession();
      await store.open(session, LEASE, NOW_MS);
      const key = keys.index(session.userId);
      expect(await membersOf(redis.raw, key)).toEqual([session.id]);
      const score = await redis.raw.zscore(key, sessionField(session.id));
      expect(score).toBe(String(session.expiresAtMs / 1000));
    });
  });

  describe('verify-sessions', () => {
    it('returns unknown for a session that was never opened', async () => {
      expect(await state(aSession())).toBe('unknown');
    });

    it('returns expired from the millisecond of the expiry', async () => {
      const session = aSession();
      await store.open(session, LEASE, NOW_MS);
      expect(await state(session, session.expiresAtMs - 1)).toBe('live');
      expect(await state(session, session.expiresAtMs)).toBe('expired');
    });

    it('returns unknown for a session of another epoch', async () => {
      const session = aSession();
      await store.open(session, LEASE, NOW_MS);
      expect(await state(session, NOW_MS, '4')).toBe('unknown');
    });

    it('finds a tombstone of any epoch', async () => {
      const session = aSession();
      await store.revoke(session.userId, { sessionId: session.id, ttlMs: HOUR_MS });
      expect(await state(session, NOW_MS, '4')).toBe('revoked');
    });

    it('reads a second key for a live session, and for no other', async () => {
      const session = aSession();
      const cachedProfile = `cachedProfile:{${session.userId}}`;
      await store.open(session, LEASE, NOW_MS);
      await redis.raw.set(cachedProfile, 'payload');
      const verified = await verifier.verify(session.userId, session.id, EPOCH, cachedProfile);
      expect(verified).toMatchObject({ state: 'live', cachedProfile: 'payload' });
      const stranger = await verifier.verify(session.userId, randomUUID(), EPOCH, cachedProfile);
      expect(stranger).toEqual({ state: 'unknown' });
    });

    it('answers many sessions in one call, each separately', async () => {
      const states = ['live', 'revoked', 'expired', 'unknown'] as const;
      clock.stopAt(NOW_MS);
      const sessions = await Promise.all(
        Array.from({ length: 450 }, async (_, index) => {
          const session = aSession(index % 4 === 2 ? { expiresAtMs: NOW_MS } : {});
          if (index % 4 < 3) {
            await store.open(session, LEASE, NOW_MS - HOUR_MS);
          }
          if (index % 4 === 1) {
            await store.revoke(session.userId, { sessionId: session.id, ttlMs: HOUR_MS });
          }
          await redis.raw.set(`cachedProfile:{${session.userId}}`, `of ${session.id}`);
          return session;
        }),
      );
      const answers = await Promise.all(
        sessions.map(({ userId, id }, index) =>
          verifier.verify(
            userId,
            id,
            EPOCH,
            index % 3 === 0 ? `cachedProfile:{${userId}}` : undefined,
          ),
        ),
      );
      answers.forEach((answer, index) => {
        const session = sessions[index]!;
        const state = states[index % 4]!;
        const cachedProfile = index % 3 === 0 ? `of ${session.id}` : null;
        expect(answer).toEqual(state === 'live' ? { state, session, cachedProfile } : { state });
      });
    });

    it('returns unknown for a session whose key is of another type, and answers the others', async () => {
      const spoiled = aSession();
      const other = aSession();
      await store.open(other, LEASE, NOW_MS);
      await redis.raw.set(keys.sessions(spoiled.userId), 'text');
      const states = await Promise.all([spoiled, other].map((session) => state(session)));
      expect(states).toEqual(['unknown', 'live']);
    });

    it.each(['', 'x', 'z'.repeat(36), randomUUID().toUpperCase()])(
      'returns unknown for the id %j',
      async (id) => {
        expect(await state(aSession({ id }))).toBe('unknown');
      },
    );

    it('returns roles and generations of any length', async () => {
      for (const role of ['user', 'admin', '', 'user of a long name']) {
        for (const generation of [0, 35, 36, 1_000_000]) {
          const session = aSession({ role, generation });
          await store.open(session, LEASE, NOW_MS);
          const verified = await verifier.verify(session.userId, session.id, EPOCH);
          expect(verified).toMatchObject({ state: 'live', session });
        }
      }
    });

    it('refuses a session below the known generation, even while its entry exists', async () => {
      const old = aSession();
      await store.open(old, LEASE, NOW_MS);
      await store.open(aSession({ userId: old.userId, generation: 2 }), LEASE, NOW_MS);
      expect(await state(old)).toBe('revoked');
    });
  });

  describe('revoke-session', () => {
    it('leaves a tombstone for the rest of the life of the token, and nothing else of the session', async () => {
      const session = aSession();
      await store.open(session, LEASE, NOW_MS);
      await store.revoke(session.userId, { sessionId: session.id, ttlMs: HOUR_MS });
      expect(await state(session)).toBe('revoked');
      const tombstone = keys.tombstone(session.userId, session.id);
      expect(await redis.raw.pttl(tombstone)).toBeGreaterThan(0.9 * HOUR_MS);
      expect(await redis.raw.hexists(keys.sessions(session.userId), sessionField(session.id))).toBe(
        0,
      );
      expect(await redis.raw.zcard(keys.index(session.userId))).toBe(0);
    });

    it('may be repeated: one tombstone, counted once', async () => {
      const session = aSession();
      await store.open(session, LEASE, NOW_MS);
      const [sessions, tombstones] = [await counted('s'), await counted('b')];
      const request = { sessionId: session.id, ttlMs: HOUR_MS };
      await store.revoke(session.userId, request);
      await store.revoke(session.userId, request);
      expect(await counted('s')).toBe(sessions - 1);
      expect(await counted('b')).toBe(tombstones + 1);
    });

    it('needs no tombstone for a session that has run out', async () => {
      const session = aSession();
      await store.revoke(session.userId, { sessionId: session.id, ttlMs: 0 });
      expect(await redis.raw.exists(keys.tombstone(session.userId, session.id))).toBe(0);
    });

    it('ends no other session of the user', async () => {
      const [ended, kept] = [aSession(), aSession()];
      kept.userId = ended.userId;
      await store.open(ended, LEASE, NOW_MS);
      await store.open(kept, LEASE, NOW_MS);
      await store.revoke(ended.userId, { sessionId: ended.id, ttlMs: HOUR_MS });
      expect(await state(kept)).toBe('live');
    });
  });

  describe('details of a session', () => {
    const changedOf = (
      { userId, id: sessionId, generation, expiresAtMs }: Session,
      version: number,
    ) => ({
      userId,
      sessionId,
      generation,
      expiresAtMs,
      version,
    });
    const withDetails = (session: Session, detailsVersion: number): Session => ({
      ...session,
      detailsVersion,
      authenticatedAtMs: NOW_MS - 5,
      amr: ['pwd', 'otp'],
      attributes: { plan: `the ${detailsVersion}th | {"plan"}`, seats: 5, beta: true },
    });
    const read = async ({ userId, id }: Session) => {
      const found = await verifier.verify(userId, id, EPOCH);
      return found.state === 'live' ? found.session : found.state;
    };

    it.each(['user', 'admin'])('are read together with a session of the role %s', async (role) => {
      const session = withDetails(aSession({ role }), 40);
      await store.open(session, LEASE, NOW_MS);
      expect(await read(session)).toEqual(session);
    });

    it('of a lower version replace none of a higher one, while the expiry still rises', async () => {
      const session = aSession();
      const changed = withDetails(session, 2);
      await store.open(changed, LEASE, NOW_MS);
      const expiresAtMs = session.expiresAtMs + HOUR_MS;
      for (const older of [session, withDetails(session, 1), { ...session, expiresAtMs }]) {
        expect(await store.open(older, LEASE, NOW_MS)).toBe('opened');
      }
      expect(await read(session)).toEqual({ ...changed, expiresAtMs });
      await store.open(withDetails(session, 3), LEASE, NOW_MS);
      expect(await read(session)).toEqual({ ...withDetails(session, 3), expiresAtMs });
    });

    it.each([true, false])(
      'that are outdated make the session unknown until newer ones come, with an entry: %p',
      async (hasEntry) => {
        const session = aSession();
        const sessions = await counted('s');
        if (hasEntry) {
          await store.open(withDetails(session, 1), LEASE, NOW_MS);
        }
        expect(await store.outdate(changedOf(session, 2), NOW_MS)).toBe(true);
        expect(await read(session)).toBe('unknown');
        // A write from before the change is still on its way.
        expect(await store.open(session, LEASE, NOW_MS)).toBe('outdated');
        expect(await store.open(withDetails(session, 1), LEASE, NOW_MS)).toBe('outdated');
        expect(await read(session)).toBe('unknown');
        expect(await counted('s')).toBe(sessions + 1);
        expect(await store.open(withDetails(session, 2), LEASE, NOW_MS)).toBe('opened');
        expect(await read(session)).toEqual(withDetails(session, 2));
        expect(await store.outdate(changedOf(session, 2), NOW_MS)).toBe(false);
        expect(await read(session)).toEqual(withDetails(session, 2));
        expect(await counted('s')).toBe(sessions + 1);
      },
    );

    it('that are outdated bring no ended session back', async () => {
      const [ended, stale, expired] = [aSession(), aSession(), aSession({ expiresAtMs: NOW_MS })];
      await store.revoke(ended.userId, { sessionId: ended.id, ttlMs: HOUR_MS });
      await store.revokeAll({ userId: stale.userId, generation: 2 }, [], HOUR_MS);
      for (const session of [ended, stale, expired]) {
        expect(await store.outdate(changedOf(session, 1), NOW_MS)).toBe(false);
        expect(await membersOf(redis.raw, keys.index(session.userId))).toEqual([]);
      }
    });

    it('move with a session that is kept when the others end', async () => {
      const kept = withDetails(aSession({ idleAtMs: NOW_MS + HOUR_MS / 2 }), 7);
      await store.open(kept, LEASE, NOW_MS);
      const all = { userId: kept.userId, generation: 40, keptSessionId: kept.id };
      await store.revokeAll(all, [], HOUR_MS);
      expect(await read(kept)).toEqual({ ...kept, generation: 40 });
    });
  });

  describe('the idle time-out', () => {
    const MINUTE_MS = 60_000;
    const idle = (session: Session, idleAtMs: number): Session => ({ ...session, idleAtMs });
    const use = ({ userId, id: sessionId }: Session, idleAtMs: number) =>
      store.use([{ userId, sessionId, idleAtMs }], NOW_MS);

    it('ends a session before its expiry, unless it is used', async () => {
      const session = idle(aSession(), NOW_MS + 15 * MINUTE_MS);
      const sessions = await counted('s');
      await store.open(session, LEASE, NOW_MS);
      expect(await state(session, NOW_MS + 15 * MINUTE_MS)).toBe('expired');
      await use(session, NOW_MS + 20 * MINUTE_MS);
      expect(await state(session, NOW_MS + 15 * MINUTE_MS)).toBe('live');
      expect(await state(session, NOW_MS + 20 * MINUTE_MS)).toBe('expired');
      // An older use arrives later.
      await use(session, NOW_MS + 18 * MINUTE_MS);
      expect(await state(session, NOW_MS + 19 * MINUTE_MS)).toBe('live');
      expect(await counted('s')).toBe(sessions + 1);
      expect(await redis.raw.zscore(keys.index(session.userId), sessionField(session.id))).toBe(
        String((NOW_MS + 20 * MINUTE_MS) / 1000),
      );
      await store.removeExpired([session.userId], NOW_MS + 21 * MINUTE_MS);
      expect(await counted('s')).toBe(sessions);
    });

    it('never moves the end beyond the expiry, and keeps the details', async () => {
      const session: Session = {
        ...aSession({ role: 'admin' }),
        ...{ detailsVersion: 1, authenticatedAtMs: 1, amr: ['pwd'], attributes: { a: 1 } },
      };
      await store.open(idle(session, NOW_MS + MINUTE_MS), LEASE, NOW_MS);
      await use(session, session.expiresAtMs + HOUR_MS);
      expect(await verifier.verify(session.userId, session.id, EPOCH)).toMatchObject({
        session: idle(session, session.expiresAtMs),
      });
      expect(await state(session, session.expiresAtMs)).toBe('expired');
    });

    it('brings no session back, and none that has no time-out', async () => {
      const [ended, without] = [aSession(), aSession()];
      await store.open(idle(ended, NOW_MS + MINUTE_MS), LEASE, NOW_MS);
      await store.revoke(ended.userId, { sessionId: ended.id, ttlMs: HOUR_MS });
      await store.open(without, LEASE, NOW_MS);
      await Promise.all([ended, without].map((session) => use(session, NOW_MS + HOUR_MS)));
      expect(await state(ended)).toBe('revoked');
      expect(await verifier.verify(without.userId, without.id, EPOCH)).toMatchObject({
        session: without,
      });
    });

    it('follows the setting when a session is written again', async () => {
      const session = aSession();
      await store.open(session, LEASE, NOW_MS);
      await store.open(idle(session, NOW_MS + MINUTE_MS), LEASE, NOW_MS);
      expect(await state(session, NOW_MS + MINUTE_MS)).toBe('expired');
      await store.open(session, LEASE, NOW_MS);
      expect(await state(session, NOW_MS + MINUTE_MS)).toBe('live');
    });
  });

  describe('revoke-all-sessions', () => {
    it('ends listed and unlisted sessions alike', async () => {
      const [listed, unlisted] = [aSession(), aSession()];
      unlisted.userId = listed.userId;
      await store.open(listed, LEASE, NOW_MS);
      await store.open(unlisted, LEASE, NOW_MS);
      const tombstones = [{ sessionId: listed.id, ttlMs: HOUR_MS }];
      await store.revokeAll({ userId: listed.userId, generation: 2 }, tombstones, HOUR_MS);
      expect(await state(listed)).toBe('revoked');
      expect(await state(unlisted)).not.toBe('live');
      expect(await redis.raw.hlen(keys.sessions(listed.userId))).toBe(1);
      expect(await redis.raw.zcard(keys.index(listed.userId))).toBe(0);
    });

    it('does not end sessions that are newer than the revocation', async () => {
      const newer = aSession({ generation: 2 });
      await store.open(newer, LEASE, NOW_MS);
      await store.revokeAll({ userId: newer.userId, generation: 2 }, [], HOUR_MS);
      expect(await state(newer)).toBe('live');
    });

    it('moves a session to keep to the generation, and ends all others', async () => {
      const kept = aSession({ role: 'admin' });
      const { userId } = kept;
      const others = Array.from({ length: 400 }, () => aSession({ userId }));
      await Promise.all([kept, ...others].map((session) => store.open(session, LEASE, NOW_MS)));
      const before = await counted('s');
      const all = { userId, generation: 2, keptSessionId: kept.id };
      let { rest } = await store.revokeAll(all, [], HOUR_MS);
      expect(new Set(await Promise.all(others.map((session) => state(session))))).not.toContain(
        'live',
      );
      while (rest !== null) {
        rest = await store.removeRevoked(all, HOUR_MS, rest);
      }
      expect(await verifier.verify(userId, kept.id, EPOCH)).toMatchObject({
        state: 'live',
        session: { ...kept, generation: 2 },
      });
      expect(await counted('s')).toBe(before - 400);
      expect((await store.revokeAll(all, [], HOUR_MS)).changed).toBe(false);
    });

    it('moves a session to keep to no generation that ended it later', async () => {
      const kept = aSession();
      const { userId } = kept;
      await store.open(kept, LEASE, NOW_MS);
      await store.revokeAll({ userId, generation: 3 }, [], HOUR_MS);
      await store.revokeAll({ userId, generation: 2, keptSessionId: kept.id }, [], HOUR_MS);
      expect(await state(kept)).not.toBe('live');
      expect(await store.open({ ...kept, generation: 2 }, LEASE, NOW_MS)).toBe('stale-generation');
    });

    it('does not bring back a session to keep that has ended', async () => {
      const kept = aSession();
      const { userId } = kept;
      await store.open(kept, LEASE, NOW_MS);
      await store.revoke(userId, { sessionId: kept.id, ttlMs: HOUR_MS });
      await store.revokeAll({ userId, generation: 2, keptSessionId: kept.id }, [], HOUR_MS);
      expect(await state(kept)).toBe('revoked');
    });

    it('writes the generation in the epoch of the data, over the earlier entry of the user', async () => {
      const { userId } = aSession();
      await inEpoch('2', () => store.open(aSession({ userId }), endlessLease('2'), NOW_MS));
      await store.revokeAll({ userId, generation: 2 }, [], HOUR_MS);
      const late = aSession({ userId, generation: 1 });
      expect(await store.open(late, LEASE, NOW_MS)).toBe('stale-generation');
    });

    it('returns whether it changed anything', async () => {
      const session = aSession();
      await store.open(session, LEASE, NOW_MS);
      const all = { userId: session.userId, generation: 2 };
      expect((await store.revokeAll(all, [], HOUR_MS)).changed).toBe(true);
      expect((await store.revokeAll(all, [], HOUR_MS)).changed).toBe(false);
      const one = { sessionId: session.id, ttlMs: HOUR_MS };
      expect(await store.revoke(session.userId, one)).toBe(true);
      expect(await store.revoke(session.userId, one)).toBe(false);
    });

    it('never lowers the generation', async () => {
      const { userId } = aSession();
      await store.revokeAll({ userId, generation: 5 }, [], HOUR_MS);
      await store.revokeAll({ userId, generation: 3 }, [], HOUR_MS);
      expect(await store.open(aSession({ userId, generation: 4 }), LEASE, NOW_MS)).toBe(
        'stale-generation',
      );
    });

    it('keeps the generation for the given time, with no session left', async () => {
      const { userId } = aSession();
      await store.revokeAll({ userId, generation: 2 }, [], 7 * HOUR_MS);
      expect(await redis.raw.pttl(keys.sessions(userId))).toBeGreaterThan(6.9 * HOUR_MS);
    });
  });

  describe('entries of a release with another layout', () => {
    /** Writes entries like that release, with ids as text and entries as `generation|role|created|expires`. */
    async function leave(session: Session): Promise<void> {
      const { id, userId, generation, role, expiresAtMs } = session;
      const entry = `${generation}|${role}|${NOW_MS}|${expiresAtMs}`;
      for (const field of [id, sessionField(id)]) {
        await redis.raw.hset(keys.sessions(userId), '#', `${EPOCH}|${generation}`);
        await redis.raw.hset(keys.sessions(userId), field, entry);
        await redis.raw.zadd(keys.index(userId), expiresAtMs, field);
      }
    }

    it('are unknown, and are replaced like any unknown session', async () => {
      const session = aSession();
      await leave(session);
      expect(await state(session)).toBe('unknown');
      const before = await counted('s');
      expect(await store.open(session, LEASE, NOW_MS)).toBe('opened');
      expect(await state(session)).toBe('live');
      expect(await counted('s')).toBe(before + 1);
    });

    it('do not replace a tombstone or a newer generation', async () => {
      const [one, other] = [aSession(), aSession()];
      await leave(one);
      await leave(other);
      await store.revoke(one.userId, { sessionId: one.id, ttlMs: HOUR_MS });
      await store.revokeAll({ userId: other.userId, generation: 2 }, [], HOUR_MS);
      expect(await state(one)).toBe('revoked');
      expect(await store.open(other, LEASE, NOW_MS)).toBe('stale-generation');
      expect(await fieldsOf(redis.raw, keys.sessions(other.userId))).toEqual(['#']);
    });
  });

  it('race: of an opening and a revocation of everything, nothing older survives', async () => {
    for (let round = 0; round < 20; round++) {
      const { userId } = aSession();
      const older = Array.from({ length: 10 }, () => aSession({ userId, generation: 1 }));
      const newer = Array.from({ length: 10 }, () => aSession({ userId, generation: 2 }));
      const open = (session: Session) => store.open(session, LEASE, NOW_MS);
      await Promise.all([
        ...[...older, ...newer].slice(0, round).map(open),
        store.revokeAll({ userId, generation: 2 }, [], HOUR_MS),
        ...[...older, ...newer].slice(round).map(open),
      ]);
      expect(new Set(await Promise.all(older.map((session) => state(session))))).not.toContain(
        'live',
      );
      expect(new Set(await Promise.all(newer.map((session) => state(session))))).toEqual(
        new Set(['live']),
      );
    }
  });
});
