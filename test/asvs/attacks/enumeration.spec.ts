import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import { AdminService } from '../../../libs/auth';
import { newEmail, PASSWORD, type TestApp } from '../../support/app';
import { SERVICE, startAttackedApp } from '../../support/attacked-app';
import { handMadeToken, hmac, readToken } from '../../support/hand-made-token';
import type { Answer } from '../../support/http-client';
import { OpenApi, pathOf } from '../../support/open-api';
import { comparableAnswer } from '../../support/comparable-answer';

const WRONG = 'a wrong password';

/** For response times see test/figures/enumeration.ts. */
describe('an answer does not reveal', () => {
  let app: TestApp;
  let known: AuthResultDto;

  beforeAll(async () => {
    app = await startAttackedApp();
    known = await app.register();
  });

  afterAll(() => app.close());

  function expectSame(answers: Answer[], status: number, code: string): void {
    expect(answers.map((answer) => [answer.status, answer.body.code])).toEqual(
      answers.map(() => [status, code]),
    );
    const [first, ...others] = answers.map(comparableAnswer);
    for (const other of others) {
      expect(other).toEqual(first);
    }
  }

  const login = (email: string, password = WRONG) =>
    app.http.post('/api/auth/login', { json: { email, password } });

  it('V6.3.8: whether there is an account for an address, at a sign-in with a wrong password', async () => {
    const disabled = await app.register();
    await app.nest.get(AdminService).changeAccount(disabled.user.id, { disabled: true });
    const deleted = await app.register();
    const { accessToken: token } = deleted;
    await app.http.delete('/api/auth/profile', { token, json: { currentPassword: PASSWORD } });
    const answers = [
      await login(newEmail()),
      await login(known.user.email),
      await login(known.user.email.toUpperCase()),
      await login(disabled.user.email),
      await login(deleted.user.email, PASSWORD),
      await login(newEmail(), PASSWORD),
    ];
    expectSame(answers, 401, 'invalid_credentials');
  });

  it('V6.3.8: by its time whether an account exists: the statements are the same', async () => {
    const query = jest.spyOn(Client.prototype, 'query');
    const asked: unknown[][] = [];
    for (const email of [known.user.email, newEmail()]) {
      query.mockClear();
      expect((await login(email)).status).toBe(401);
      const statements = query.mock.calls.map(([statement]) => textOf(statement));
      asked.push(statements.filter((text) => /\b(users|subjects)\b/.test(text)));
    }
    query.mockRestore();
    expect(asked[0]!.length).toBeGreaterThanOrEqual(3);
    expect(asked[1]).toEqual(asked[0]);
  });

  it('V6.3.8: whether an account is disabled, without the right password', async () => {
    const disabled = await app.register();
    await app.nest.get(AdminService).changeAccount(disabled.user.id, { disabled: true });
    expectSame([await login(disabled.user.email)], 401, 'invalid_credentials');
    const owner = await login(disabled.user.email, PASSWORD);
    expect([owner.status, owner.body.code]).toEqual([403, 'forbidden']);
  });

  it('V8.2.2: whether a session id exists, except to its owner', async () => {
    const other = await app.register();
    const ended = await app.login(other.user.email);
    await app.http.post('/api/auth/logout', { token: ended.accessToken });
    const end = (id: string) =>
      app.http.delete(`/api/auth/sessions/${id}`, { token: other.accessToken });
    const answers = [
      await end(known.session.id),
      await end(randomUUID()),
      await end(known.user.id),
      await end(ended.session.id),
    ];
    expectSame(answers, 404, 'not_found');
  });

  it('V8.2.1: whether a user id exists, except to administrators', async () => {
    const { accessToken: token } = await app.register();
    const api = await OpenApi.read(app.http);
    const routes = api.routes.filter(({ path }) => path.startsWith('/api/admin/users/{id}'));
    expect(routes.length).toBeGreaterThanOrEqual(4);
    for (const route of routes) {
      const answers = await Promise.all(
        [known.user.id, randomUUID(), 'x'].map((id) => {
          const json = route.method === 'PATCH' ? { json: { disabled: true } } : {};
          return app.http.call(route.method, pathOf(route, { id, sessionId: id }), {
            token,
            ...json,
          });
        }),
      );
      expectSame(answers, 403, 'forbidden');
    }
  });

  it('V6.3.8: why a token is not live, to a service client', async () => {
    const gone = await app.register();
    await app.http.post('/api/auth/logout', { token: gone.accessToken });
    const { header, claims } = readToken(known.accessToken);
    const forged = handMadeToken(
      header,
      claims,
      hmac('a secret that an attacker has chosen for us'),
    );
    const unknown = handMadeToken(header, { ...claims, sid: randomUUID() }, hmac(JWT_SECRET));
    const expired = handMadeToken(header, { ...claims, exp: 1 }, hmac(JWT_SECRET));
    const tokens = [gone.accessToken, forged, unknown, expired, 'x', known.refreshToken];
    const answers = await Promise.all(tokens.map((token) => introspect(token)));
    for (const answer of answers) {
      expect([answer.status, answer.body]).toEqual([200, { active: false }]);
      expect(comparableAnswer(answer)).toEqual(comparableAnswer(answers[0]!));
    }
    expect((await introspect(known.accessToken)).body.active).toBe(true);
  });

  it('V6.3.8: whether a refresh token has a right id and a wrong secret, or neither', async () => {
    const [id] = known.refreshToken.split('.') as [string];
    const secret = randomBytes(32).toString('base64url');
    const refresh = (refreshToken: string) =>
      app.http.post('/api/auth/refresh', { json: { refreshToken } });
    const answers = [
      await refresh(`${id}.${secret}`),
      await refresh(`${randomUUID()}.${secret}`),
      await refresh('x'),
    ];
    expectSame(answers, 401, 'token_invalid');
    expect((await refresh(known.refreshToken)).status).toBe(200);
  });

  it('V6.3.8: which introspection clients exist', async () => {
    const [id, secret] = SERVICE.split(':') as [string, string];
    const wrong = [`${id}:wrong`, `unknown:${secret}`, `unknown:wrong`, id, ':', ''];
    const answers = await Promise.all(wrong.map((one) => introspect(known.accessToken, one)));
    expectSame(answers, 401, 'invalid_credentials');
  });

  function introspect(token: string, credentials = SERVICE): Promise<Answer> {
    return app.http.post('/api/auth/introspect', {
      raw: new URLSearchParams({ token }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      },
    });
  }
});

/** As the test application is given it. */
const JWT_SECRET = 'a secret of the tests, long enough';

/** The SQL of a call to the driver. */
function textOf(statement: unknown): string {
  return typeof statement === 'string' ? statement : (statement as { text: string }).text;
}
