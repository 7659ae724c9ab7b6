import type { Redis } from 'ioredis';
import { EventQueue } from '../../libs/audit/event-queue';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';

const NEW_PASSWORD = 'a brighter horse battery staple';

/** Every key, field, member and value that a Redis holds, as text. */
async function everythingIn(redis: Redis): Promise<string[]> {
  const found: string[] = [];
  for await (const keys of redis.scanStream() as AsyncIterable<string[]>) {
    for (const key of keys) {
      found.push(key, ...(await contentOf(redis, key)));
    }
  }
  return found;
}

async function contentOf(redis: Redis, key: string): Promise<string[]> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return [(await redis.get(key)) ?? ''];
    case 'hash':
      return Object.entries(await redis.hgetall(key)).flat();
    case 'zset':
      return redis.zrange(key, 0, -1, 'WITHSCORES');
    default:
      throw new Error(`${key} is a ${type}: read it here too`);
  }
}

describe('secrets', () => {
  let app: TestApp;
  const tokens: string[] = [];

  /** Every kind of write of the product, each of which leaves entries. */
  beforeAll(async () => {
    app = await startTestApp();
    const email = newEmail();
    const first = await app.register(email);
    const second = await app.login(email);
    const profile = '/api/auth/profile';
    await app.http.get(profile, { token: first.accessToken });
    await app.http.put(profile, { token: first.accessToken, json: { bio: 'Analyst' } });
    await app.http.post('/api/auth/logout', { token: second.accessToken });
    await app.http.post('/api/auth/login', { json: { email, password: 'wrong password' } });
    const json = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    await app.http.put(`${profile}/password`, { token: first.accessToken, json });
    const third = await app.login(email, NEW_PASSWORD);
    await app.http.post('/api/auth/logout-all', { token: third.accessToken });
    const fourth = await app.login(email, NEW_PASSWORD);
    await app.http.get(profile, { token: fourth.accessToken });
    tokens.push(...[first, second, third, fourth].map(({ accessToken }) => accessToken));
  });

  afterAll(async () => {
    await app.close();
  });

  function expectNoSecret(texts: string[]): void {
    const all = texts.join('\n');
    for (const token of tokens) {
      const [header, , signature] = token.split('.') as [string, string, string];
      expect(all).not.toContain(signature);
      expect(all).not.toContain(header);
    }
    expect(all).not.toContain(PASSWORD);
    expect(all).not.toContain(NEW_PASSWORD);
    expect(all).not.toMatch(/\$argon2|"\w*passw\w*":|eyJ[\w-]+\./i);
  }

  it('Redis holds no token, password or hash, in any key or value', async () => {
    const found = await everythingIn(app.redis.client);
    const kinds = ['session:{', 'user:tokens:{', 'user:profile:{', 'blacklist:{'];
    for (const kind of kinds) {
      expect(found.some((text) => text.startsWith(kind))).toBe(true);
    }
    expectNoSecret(found);
  });

  it('every key but the counters and the checkpoint has a TTL', async () => {
    const keys = await app.redis.client.keys('*');
    const eternal: string[] = [];
    for (const key of keys) {
      if ((await app.redis.client.pttl(key)) < 0) {
        eternal.push(key);
      }
    }
    expect(eternal.sort()).toEqual(['latchkey:checkpoint', 'latchkey:statistics']);
  });

  it('no log line holds a token, a password or a hash', () => {
    expect(app.log.length).toBeGreaterThan(10);
    expectNoSecret(app.log);
  });

  it('no audit event holds a token, a password, a hash, or the address of a failed sign-in', async () => {
    const unknown = newEmail();
    const json = { email: unknown, password: PASSWORD };
    expect((await app.http.post('/api/auth/login', { json })).status).toBe(401);
    await app.nest.get(EventQueue).flush();
    const rows = await app.database.sql.query<{ row: string }[]>(
      'SELECT e::text AS row FROM audit_events e',
    );
    const all = rows.map(({ row }) => row);
    expect(all.join('\n')).toContain('login_failed');
    expectNoSecret(all);
    expect([...all, ...app.log].join('\n')).not.toContain(unknown);
  });

  it('the database keeps passwords as hashes only', async () => {
    const rows = await app.database.sql.query<{ row: string }[]>(
      'SELECT u::text AS row FROM users u UNION ALL SELECT s::text FROM sessions s',
    );
    const all = rows.map(({ row }) => row).join('\n');
    expect(all).toContain('$argon2id$');
    expect(all).not.toContain(PASSWORD);
    expect(all).not.toContain(NEW_PASSWORD);
  });
});
