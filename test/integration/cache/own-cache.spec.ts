import { Injectable } from '@nestjs/common';
import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import { AdminService } from '../../../libs/auth';
import {
  CacheModule,
  UserCaches,
  VersionedCache,
  type CacheDefinition,
  type Versioned,
} from '../../../libs/cache';
import { Database } from '../../../libs/database';
import { SessionVerifier } from '../../../libs/session';
import { StatisticsService } from '../../../libs/statistics';
import { UserModule, UserStore } from '../../../libs/user';
import { PASSWORD, startTestApp, type TestApp } from '../../support/app';
import { Scrape } from '../../support/metrics';

interface Note extends Versioned {
  note: { text: string; secret?: string };
  labels: readonly string[];
}

@Injectable()
class NoteCache extends VersionedCache<Note> {
  static readonly definition: CacheDefinition<Note> = {
    name: 'note',
    allowed: { note: ['text'], labels: 'whole' },
    format: '1',
  };
  loads = 0;

  constructor(
    private readonly database: Database,
    private readonly users: UserStore,
    private readonly caches: UserCaches,
  ) {
    super();
  }

  async write(userId: string, text: string): Promise<void> {
    const sql = `INSERT INTO notes VALUES ($1, $2)
      ON CONFLICT (user_id) DO UPDATE SET text = $2`;
    await this.caches.change(userId, async () => {
      await this.database.run((manager) => manager.query(sql, [userId, text]));
      return this.users.updateProfile(userId, {});
    });
  }

  protected async load(userId: string): Promise<Note | null> {
    this.loads += 1;
    const sql = `SELECT profile_version AS version, text
      FROM notes JOIN users ON id = user_id WHERE user_id = $1`;
    const rows = await this.database.run((manager) =>
      manager.query<{ version: number; text: string }[]>(sql, [userId]),
    );
    return rows[0]
      ? {
          version: rows[0].version,
          note: { text: rows[0].text, secret: 'never cached' },
          labels: ['read', 'write'],
        }
      : null;
  }
}

describe('a cache of one more content', () => {
  let one: TestApp;
  let other: TestApp;

  beforeAll(async () => {
    const more = {
      imports: [
        CacheModule.forFeatureAsync(NoteCache, {
          imports: [UserModule],
          useFactory: () => ({ ttlSeconds: 600 }),
        }),
      ],
    };
    one = await startTestApp({ more });
    await one.database.sql.query(
      'CREATE TABLE notes (user_id uuid PRIMARY KEY, text text NOT NULL)',
    );
    other = await startTestApp({ more, beside: one });
  });

  afterAll(async () => {
    await other.close();
    await one.close();
  });

  const cacheOf = (app: TestApp) => app.nest.get(NoteCache);

  /** A user whose note both instances could have cached. */
  async function userWithNote(text: string): Promise<string> {
    const { user } = await one.register();
    await cacheOf(one).write(user.id, text);
    await cacheOf(one).read(user.id);
    return user.id;
  }

  it('is filled by a miss and answers without Postgres', async () => {
    const userId = await userWithNote('first');
    const { loads } = cacheOf(other);
    expect(await cacheOf(other).read(userId)).toEqual({
      version: 2,
      note: { text: 'first' },
      labels: ['read', 'write'],
      cache: 'HIT',
    });
    expect(cacheOf(other).loads).toBe(loads);
  });

  it('contains the allowed fields alone, under its own key', async () => {
    const userId = await userWithNote('first');
    const text = await one.redis.client.get(`user:note:{${userId}}`);
    expect(text).toMatch(/^\d+:2:1\["first",\["read","write"\]\]$/);
  });

  it('shows a change on every instance once it has returned', async () => {
    const userId = await userWithNote('first');
    for (let time = 0; time < 20; time++) {
      await cacheOf(time % 2 ? one : other).write(userId, `change ${time}`);
      const read = await cacheOf(time % 2 ? other : one).read(userId);
      expect(read?.note.text).toBe(`change ${time}`);
    }
  });

  it.each<[string, (user: AuthResultDto) => Promise<unknown>]>([
    [
      'its profile is changed',
      ({ accessToken: token }) =>
        one.http.put('/api/auth/profile', { token, json: { bio: 'changed' } }),
    ],
    [
      'its role is changed',
      ({ user }) => one.nest.get(AdminService).changeAccount(user.id, { role: 'admin' }),
    ],
    [
      'it is disabled',
      ({ user }) => one.nest.get(AdminService).changeAccount(user.id, { disabled: true }),
    ],
    [
      'its password is changed',
      ({ accessToken: token }) =>
        one.http.put('/api/auth/profile/password', {
          token,
          json: { currentPassword: PASSWORD, newPassword: `${PASSWORD} changed` },
        }),
    ],
    [
      'its sessions are ended',
      ({ accessToken: token }) => one.http.post('/api/auth/logout-all', { token }),
    ],
    [
      'it is deleted',
      ({ accessToken: token }) =>
        one.http.delete('/api/auth/profile', { token, json: { currentPassword: PASSWORD } }),
    ],
  ])('is invalidated for a user when %s', async (_, happens) => {
    const user = await one.register();
    await cacheOf(one).write(user.user.id, 'first');
    await cacheOf(one).read(user.user.id);
    const entry = () => one.redis.client.get(cacheOf(one).keyOf(user.user.id));
    expect(await entry()).toContain('first');
    await happens(user);
    expect(await entry()).toMatch(/^\d+:\d+:$/);
  });

  it('shares a read among all concurrent readers', async () => {
    const userId = await userWithNote('first');
    await one.redis.client.del(cacheOf(one).keyOf(userId));
    const reads = await Promise.all(Array.from({ length: 50 }, () => cacheOf(one).read(userId)));
    expect(reads[0]?.note.text).toBe('first');
    // The first reader has a run of its own, and the others share the next: two results, not fifty.
    expect(new Set(reads).size).toBe(2);
  });

  it('returns null for a user without an entry, and does not cache that', async () => {
    const { user } = await one.register();
    expect(await cacheOf(one).read(user.id)).toBeNull();
    await cacheOf(other).write(user.id, 'first');
    expect((await cacheOf(one).read(user.id))?.note.text).toBe('first');
  });

  it('is read in the round trip of a session verification', async () => {
    const { session, user } = await one.register();
    await cacheOf(one).write(user.id, 'first');
    await cacheOf(one).read(user.id);
    const key = cacheOf(one).keyOf(user.id);
    const verified = await one.nest.get(SessionVerifier).verify(user.id, session.id, key);
    expect(cacheOf(one).hit(user.id, verified.cachedProfile)).toMatchObject({
      note: { text: 'first' },
      cache: 'HIT',
    });
  });

  it('does not change the cached profile, and is not counted as one', async () => {
    const { accessToken: token, user } = await one.register();
    await cacheOf(one).write(user.id, 'first');
    await one.http.get('/api/auth/profile', { token });
    const counted = (await one.nest.get(StatisticsService).read()).cachedProfiles;
    await cacheOf(one).read(user.id);
    await one.redis.client.del(cacheOf(one).keyOf(user.id));
    const { headers } = await one.http.get('/api/auth/profile', { token });
    expect(headers.get('x-cache')).toBe('HIT');
    expect((await one.nest.get(StatisticsService).read()).cachedProfiles).toBe(counted);
  });

  it('exports its reads under its own label', async () => {
    const before = cacheOf(one).readCounts();
    await cacheOf(one).read(await userWithNote('first'));
    const scrape = await Scrape.of(one.http.origin);
    const reads = (result: string) =>
      scrape.sum('latchkey_cache_reads_total', { cache: 'note', result });
    expect([reads('MISS'), reads('HIT')]).toEqual([before.MISS + 1, before.HIT + 1]);
  });
});
