import { Injectable } from '@nestjs/common';
import {
  CacheDependencies,
  CacheModule,
  VersionedCache,
  type CacheDefinition,
  type Versioned,
} from '../../../libs/cache';
import { Database } from '../../../libs/database';
import { SessionVerifier } from '../../../libs/session';
import { StatisticsService } from '../../../libs/statistics';
import { startTestApp, type TestApp } from '../../support/app';
import { Scrape } from '../../support/metrics';

interface Note extends Versioned {
  note: { text: string; secret?: string };
  labels: readonly string[];
}

@Injectable()
class NoteCache extends VersionedCache<Note> {
  static readonly definition: CacheDefinition<Note> = {
    name: 'note',
    title: 'Notes',
    allowed: { note: ['text'], labels: 'whole' },
    format: '1',
  };
  loads = 0;

  constructor(
    dependencies: CacheDependencies<Note>,
    private readonly database: Database,
  ) {
    super(dependencies);
  }

  write(userId: string, text: string): Promise<Note | null> {
    const sql = `INSERT INTO notes VALUES ($1, 1, $2)
      ON CONFLICT (user_id) DO UPDATE SET version = notes.version + 1, text = $2`;
    return this.change(userId, async () => {
      await this.database.run((manager) => manager.query(sql, [userId, text]));
      return this.load(userId);
    });
  }

  protected async load(userId: string): Promise<Note | null> {
    this.loads += 1;
    const sql = 'SELECT version, text FROM notes WHERE user_id = $1';
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
    const more = { imports: [CacheModule.forFeature(NoteCache, { ttlSeconds: 600 })] };
    one = await startTestApp({ more });
    await one.database.sql.query(
      'CREATE TABLE notes (user_id uuid PRIMARY KEY, version integer NOT NULL, text text NOT NULL)',
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
      version: 1,
      note: { text: 'first' },
      labels: ['read', 'write'],
      cache: 'HIT',
    });
    expect(cacheOf(other).loads).toBe(loads);
  });

  it('contains the allowed fields alone, under its own key', async () => {
    const userId = await userWithNote('first');
    const text = await one.redis.client.get(`user:note:{${userId}}`);
    expect(text).toMatch(/^\d+:1:1\["first",\["read","write"\]\]$/);
  });

  it('shows a change on every instance once it has returned', async () => {
    const userId = await userWithNote('first');
    for (let time = 0; time < 20; time++) {
      await cacheOf(time % 2 ? one : other).write(userId, `change ${time}`);
      const read = await cacheOf(time % 2 ? other : one).read(userId);
      expect(read?.note.text).toBe(`change ${time}`);
    }
  });

  it('shares a read among all concurrent readers', async () => {
    const userId = await userWithNote('first');
    await one.redis.client.del(cacheOf(one).keyOf(userId));
    const { loads } = cacheOf(one);
    const reads = await Promise.all(Array.from({ length: 50 }, () => cacheOf(one).read(userId)));
    expect(new Set(reads.map((read) => read?.note.text))).toEqual(new Set(['first']));
    expect(cacheOf(one).loads).toBe(loads + 1);
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
    await one.http.get('/api/auth/profile', { token });
    const counted = (await one.nest.get(StatisticsService).read()).cachedProfiles;
    await cacheOf(one).write(user.id, 'first');
    await cacheOf(one).read(user.id);
    await cacheOf(one).clear(user.id);
    const { headers } = await one.http.get('/api/auth/profile', { token });
    expect(headers.get('x-cache')).toBe('HIT');
    expect((await one.nest.get(StatisticsService).read()).cachedProfiles).toBe(counted);
  });

  it('exports its reads under a name of its own', async () => {
    const before = cacheOf(one).readCounts();
    await cacheOf(one).read(await userWithNote('first'));
    const scrape = await Scrape.of(one.http.origin);
    const reads = (cache: string) => scrape.sum('latchkey_note_reads_total', { cache });
    expect([reads('MISS'), reads('HIT')]).toEqual([before.MISS + 1, before.HIT + 1]);
  });
});
