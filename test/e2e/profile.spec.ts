import { DataSource } from 'typeorm';
import { ProfileCache, UserEntity, UserStore } from '../../libs/user';
import { SyncTimings } from '../../libs/sync';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';

const PROFILE = '/api/auth/profile';
const DAY_MS = 86_400_000;
const READS_AT_ONCE = 500;

/** Columns of an account that no cache and no answer may hold. A new column belongs here or there. */
const NEVER_SHOWN = [
  'passwordHash',
  'profileVersion',
  'disabledAt',
  'disabledUntil',
  'disabledReason',
  'lastSignInAt',
];

describe('the profile', () => {
  let app: TestApp;
  let token: string;
  let userId: string;

  beforeAll(async () => {
    // The counts below must not depend on the load of the machine.
    const timings = {
      ...new SyncTimings(),
      intervalMs: 200,
      outboxDeadlineMs: DAY_MS,
      leaseMs: DAY_MS,
    };
    app = await startTestApp({ timings });
  });

  afterAll(async () => {
    await app.close();
  });

  beforeEach(async () => {
    const registered = await app.register();
    token = registered.accessToken;
    userId = registered.user.id;
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  const read = (headers: Record<string, string> = {}) => app.http.get(PROFILE, { token, headers });
  const change = (json: unknown, headers: Record<string, string> = {}) =>
    app.http.put(PROFILE, { token, json, headers });

  it('has the public fields, and no new column by accident', () => {
    const { columns } = app.nest.get(DataSource).getMetadata(UserEntity);
    const names = columns.map(({ propertyName }) => propertyName);
    expect([...names].sort()).toEqual(
      [...ProfileCache.definition.allowed.profile, ...NEVER_SHOWN].sort(),
    );
  });

  it('is cached as values only: no field name, no password hash', async () => {
    await read();
    const entry = await app.redis.client.get(`user:profile:{${userId}}`);
    expect(entry).toMatch(/^\d+:1:1\[/);
    expect(entry).not.toMatch(/displayName|argon2/);
  });

  it(`is read once from Postgres for ${READS_AT_ONCE} concurrent requests`, async () => {
    const readProfile = jest.spyOn(app.nest.get(UserStore), 'readProfile');
    const answers = await Promise.all(Array.from({ length: READS_AT_ONCE }, () => read()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const labels = new Set(answers.map(({ headers }) => headers.get('x-cache')));
    expect([...labels].sort()).toEqual(['HIT', 'MISS']);
    expect(readProfile).toHaveBeenCalledTimes(1);
  });

  it('is counted by the way of its read', async () => {
    const counts = async () => {
      const { body } = await app.http.get<{ details: { redis: { profileReads: unknown } } }>(
        '/health/ready',
      );
      return body.details.redis.profileReads as Record<'HIT' | 'MISS' | 'BYPASS', number>;
    };
    const before = await counts();
    for (let time = 0; time < 4; time++) {
      await read();
    }
    const { HIT, MISS, BYPASS } = before;
    expect(await counts()).toEqual({ HIT: HIT + 3, MISS: MISS + 1, BYPASS });
  });

  it('is not cached as absent: an account that is created later is found', async () => {
    await app.database.sql.query('UPDATE users SET id = gen_random_uuid() WHERE id = $1', [userId]);
    expect((await read()).status).toBe(401);
    expect(await app.redis.client.get(`user:profile:{${userId}}`)).not.toContain('null');
  });

  describe('with its entity tag', () => {
    it('has the same tag from the cache and from Postgres, and another one after a change', async () => {
      const [missed, hit] = [await read(), await read()];
      expect([missed, hit].map(({ headers }) => headers.get('x-cache'))).toEqual(['MISS', 'HIT']);
      const tag = missed.headers.get('etag')!;
      expect(tag).toMatch(/^"[^"]+"$/);
      expect(hit.headers.get('etag')).toBe(tag);
      const changed = await change({ bio: 'new' });
      expect(changed.headers.get('etag')).not.toBe(tag);
      expect((await read()).headers.get('etag')).toBe(changed.headers.get('etag'));
    });

    it('is not sent again to a client that has it', async () => {
      const tag = (await read()).headers.get('etag')!;
      const known = await read({ 'if-none-match': `"other", W/${tag}` });
      expect([known.status, known.body]).toEqual([304, undefined]);
      expect(known.headers.get('etag')).toBe(tag);
      expect(known.headers.get('x-cache')).toBe('HIT');
      await change({ bio: 'new' });
      expect((await read({ 'if-none-match': tag })).status).toBe(200);
    });

    it('is not mixed up with that of another user', async () => {
      const tag = (await read()).headers.get('etag')!;
      const other = await app.register();
      const headers = { 'if-none-match': tag };
      const answer = await app.http.get(PROFILE, { token: other.accessToken, headers });
      expect(answer.status).toBe(200);
      const refused = await app.http.put(PROFILE, {
        token: other.accessToken,
        json: { bio: 'x' },
        headers: { 'if-match': tag },
      });
      expect(refused.status).toBe(412);
    });

    it('is changed only when the tag of the client is current', async () => {
      const tag = (await read()).headers.get('etag')!;
      const first = await change({ bio: 'first' }, { 'if-match': tag });
      expect(first.status).toBe(200);
      const second = await change({ bio: 'second' }, { 'if-match': tag });
      expect([second.status, second.body.code]).toEqual([412, 'precondition_failed']);
      expect((await read()).body.bio).toBe('first');
      expect((await change({ bio: 'third' }, { 'if-match': '*' })).status).toBe(200);
    });

    it('accepts one of many conditional changes', async () => {
      const tag = (await read()).headers.get('etag')!;
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          change({ bio: `change ${index}` }, { 'if-match': tag }),
        ),
      );
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 412)).toHaveLength(19);
      expect((await read()).body.bio).toBe(won[0]!.body.bio);
    });
  });

  describe('takes texts by the number of visible characters', () => {
    const family = '👨‍👩‍👧‍👦';

    it.each([
      ['eighty families', family.repeat(80)],
      ['eighty flags', '🇩🇪'.repeat(80)],
      ['eighty letters with two marks each', 'o\u0302\u0323'.repeat(80)],
      ['a name in Devanagari', 'क्षत्रिय'],
      ['a name with a joiner inside', 'نامه\u200cای'],
    ])('%s', async (_, displayName) => {
      const answer = await change({ displayName });
      expect([answer.status, answer.body.errors]).toEqual([200, undefined]);
      expect(answer.body.displayName).toBe(displayName.normalize('NFC'));
      expect((await read()).body.displayName).toBe(displayName.normalize('NFC'));
    });

    it('in NFC, so that texts that look the same are equal', async () => {
      expect((await change({ displayName: 'Ame\u0301lie' })).body.displayName).toBe('Am\u00e9lie');
      const registered = await app.http.post<{ user: { displayName: string } }>(
        '/api/auth/register',
        { json: { email: newEmail(), password: PASSWORD, displayName: ' Ame\u0301lie ' } },
      );
      expect(registered.body.user.displayName).toBe('Am\u00e9lie');
    });

    it('and several lines in the bio', async () => {
      const bio = 'one\n\ttwo\r\nthree';
      expect((await change({ bio })).body.bio).toBe(bio);
      expect((await change({ bio: family.repeat(2000) })).status).toBe(200);
    });

    it.each([
      ['81 letters', { displayName: 'x'.repeat(81) }],
      ['81 families', { displayName: family.repeat(81) }],
      ['a letter under a thousand marks', { displayName: `x${'\u0301'.repeat(2000)}` }],
      ['2,001 characters of bio', { bio: 'é'.repeat(2001) }],
      ['a bell', { displayName: 'a\u0007b' }],
      ['an escape sequence', { bio: '\u001b[31mred' }],
      ['a C1 control', { bio: 'a\u0085b' }],
      ['a line break in a name', { displayName: 'Ada\nadmin: yes' }],
      ['a line separator in a name', { displayName: 'Ada\u2028admin' }],
      ['text turned around', { displayName: 'Ada \u202enimda' }],
      ['an isolate', { bio: 'a\u2066b' }],
      ['nothing', { displayName: '' }],
      ['spaces', { displayName: ' \u00a0\u3000 ' }],
      ['no visible character', { displayName: '\u200b\u200d\u2060' }],
      ['fillers', { displayName: '\u3164\u115f\u2800' }],
    ])('but not %s', async (_, json) => {
      const answer = await change(json);
      expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
      const errors = answer.body.errors as { field: string }[];
      expect(errors.map(({ field }) => field)).toEqual(Object.keys(json));
      expect(JSON.stringify(answer.body)).toMatch(/characters/);
    });
  });
});
