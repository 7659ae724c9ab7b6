import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { decodeJwt, decodeProtectedHeader, SignJWT, type JWTHeaderParameters } from 'jose';
import { createApp } from '../../examples/embed/create-app';
import { HttpClient } from '../support/http-client';
import {
  createTestDatabase,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../support/stores';

const PASSWORD = 'a long enough password';
const EDITOR = 'editor@example.com';
const SECRET = 'a secret of the tests, long enough';

describe('the modules in another application (examples/embed)', () => {
  let redis: TestRedis;
  let database: TestDatabase;
  let reports: NestFastifyApplication;
  let http: HttpClient;

  beforeAll(async () => {
    [redis, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
    reports = await createApp(
      { databaseUrl: database.url, redisUrl: redis.url, secret: SECRET, editors: [EDITOR] },
      { logger: false },
    );
    await reports.listen(0, '127.0.0.1');
    http = new HttpClient(await reports.getUrl());
  });

  afterAll(async () => {
    await reports.close();
    await Promise.all([redis.stop(), database.drop()]);
  });

  async function enter(path: 'sign-up' | 'sign-in', email: string, password = PASSWORD) {
    const answer = await http.post<{ token: string; code?: string }>(`/${path}`, {
      json: { email, password },
    });
    return { status: answer.status, ...answer.body };
  }

  it('sign its users up and in, from its own store', async () => {
    const { status, token } = await enter('sign-up', 'Ada@example.com');
    expect(status).toBe(201);
    const signedIn = await enter('sign-in', 'ada@EXAMPLE.com');
    expect(signedIn.status).toBe(200);
    expect(signedIn.token).not.toBe(token);

    const users = await database.sql.query<unknown[]>('SELECT FROM users');
    expect(users).toEqual([]);
  });

  it('refuse a wrong password, and an address that is taken', async () => {
    await enter('sign-up', 'bob@example.com');
    const wrong = await enter('sign-in', 'bob@example.com', 'another password');
    expect([wrong.status, wrong.code]).toEqual([401, 'invalid_credentials']);
    const taken = await enter('sign-up', 'BOB@example.com');
    expect([taken.status, taken.code]).toEqual([409, 'email_taken']);
  });

  it('guard its routes and pass on the user, in its own roles', async () => {
    const { token } = await enter('sign-up', 'carol@example.com');
    const answer = await http.get('/reports', { token });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      reader: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      role: 'reader',
      reports: expect.any(Array) as unknown[],
    });
    const anonymous = await http.get('/reports');
    expect([anonymous.status, anonymous.body.code]).toEqual([401, 'token_missing']);
    expect(anonymous.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect((await http.get('/reports/count')).status).toBe(200);
  });

  it('refuse a token at the next request after sign-out, and no other', async () => {
    const first = await enter('sign-up', 'dave@example.com');
    const second = await enter('sign-in', 'dave@example.com');
    expect((await http.post('/sign-out', { token: first.token })).status).toBe(204);
    const refused = await http.get('/reports', { token: first.token });
    expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
    expect((await http.get('/reports', { token: second.token })).status).toBe(200);
  });

  it('refuse the route of another role, and admit that role', async () => {
    const reader = await enter('sign-up', 'erin@example.com');
    const forbidden = await http.call('DELETE', '/reports/1', { token: reader.token });
    expect([forbidden.status, forbidden.body.code]).toEqual([403, 'forbidden']);
    const editor = await enter('sign-up', EDITOR);
    const deleted = await http.call('DELETE', '/reports/1', { token: editor.token });
    expect(deleted.status).toBe(204);
    expect((await http.get('/reports/count')).body).toEqual({ count: 1 });
  });

  it("refuse another application's token of the same key and a live session", async () => {
    const { token } = await enter('sign-up', 'frank@example.com');
    const signAs = (issuer: string, audience: string) =>
      new SignJWT(decodeJwt(token))
        .setProtectedHeader(decodeProtectedHeader(token) as JWTHeaderParameters)
        .setIssuer(issuer)
        .setAudience(audience)
        .sign(new TextEncoder().encode(SECRET));

    const own = await signAs('reports', 'reports');
    expect((await http.get('/reports', { token: own })).status).toBe(200);
    for (const foreign of [await signAs('latchkey', 'reports'), await signAs('reports', 'other')]) {
      const refused = await http.get('/reports', { token: foreign });
      expect([refused.status, refused.body.code]).toEqual([401, 'token_invalid']);
    }
  });
});
