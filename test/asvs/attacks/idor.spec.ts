import { randomUUID } from 'node:crypto';
import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import { AdminService } from '../../../libs/auth';
import type { TestApp } from '../../support/app';
import { startAttackedApp } from '../../support/attacked-app';
import { goodCall } from '../../support/good-calls';
import type { Answer } from '../../support/http-client';
import { needsToken, OpenApi, pathOf, type Route } from '../../support/open-api';
import { storedStateOf } from '../../support/stored-state';
import { comparableAnswer } from '../../support/comparable-answer';
import { OWNED_RESOURCES, PUBLIC_RESOURCES, uncovered } from './owned-resources';

const ADMIN = '/api/admin/';
const NIL = '00000000-0000-0000-0000-000000000000';

/** Spellings of an id that no client of ours would send. */
const ODD_IDS: [title: string, spell: (id: string) => string][] = [
  ['in capitals', (id) => id.toUpperCase()],
  ['in braces', (id) => `{${id}}`],
  ['as a URN', (id) => `urn:uuid:${id}`],
  ['without hyphens', (id) => id.replaceAll('-', '')],
  ['after a line break', (id) => `\n${id}`],
  ['before a null character', (id) => `${id}\0`],
  ['with white space', (id) => ` ${id} `],
  ['behind a step up', (id) => `../${id}`],
  ['behind another id', (id) => `${NIL},${id}`],
  ['with a key pattern', (id) => `${id.slice(0, 8)}*`],
  ['with a statement', (id) => `${id}' OR '1'='1`],
  ['with a parameter', (id) => `${id}?id=${id}`],
  ['very long', (id) => id.repeat(50)],
];

describe('a resource of one user', () => {
  let app: TestApp;
  let api: OpenApi;
  let owner: AuthResultDto;
  let other: AuthResultDto;

  beforeAll(async () => {
    app = await startAttackedApp();
    api = await OpenApi.read(app.http);
    [owner, other] = await Promise.all([app.register(), app.register()]);
    await app.http.put('/api/auth/profile', { token: owner.accessToken, json: { bio: 'Mine' } });
  });

  afterAll(() => app.close());

  const routesWithIds = () => api.routes.filter(({ path }) => path in OWNED_RESOURCES);

  /** Calls an operation with the value for its one path parameter, with a body if it takes one. */
  function tryAs(person: AuthResultDto, route: Route, id: string): Promise<Answer> {
    const path = pathOf(route, { id, sessionId: owner.session.id });
    return app.http.call(route.method, path, goodCall(api, route, person));
  }

  /** Fails when the work changes data of the owner or ends their session. */
  async function leavesOwnerAlone(work: () => Promise<void>): Promise<void> {
    const before = await storedStateOf(app, owner.user.id);
    await work();
    expect(await storedStateOf(app, owner.user.id)).toEqual(before);
    const verified = await app.http.get('/api/auth/verify', { token: owner.accessToken });
    expect(verified.headers.get('x-user-id')).toBe(owner.user.id);
  }

  it('V8.2.2: is known for every operation with a parameter in its path', () => {
    expect(uncovered(api.routes)).toEqual([]);
    expect(routesWithIds().length).toBeGreaterThanOrEqual(5);
    const paths = new Set(api.routes.map(({ path }) => path));
    const named = [...Object.keys(OWNED_RESOURCES), ...Object.keys(PUBLIC_RESOURCES)];
    expect(named.filter((path) => !paths.has(path))).toEqual([]);
  });

  it('V8.2.2: would be missed if a new operation had no entry', () => {
    const planted = { name: 'GET /api/notes/{id}', path: '/api/notes/{id}' };
    expect(uncovered([...api.routes, planted])).toEqual([
      expect.stringContaining("add '/api/notes/{id}' to OWNED_RESOURCES"),
    ]);
  });

  it('V8.2.1: requires a live token from every caller', async () => {
    const gone = await app.register();
    await app.http.post('/api/auth/logout', { token: gone.accessToken });
    const closed = api.routes.filter(needsToken);
    expect(closed.length).toBeGreaterThan(10);
    await leavesOwnerAlone(async () => {
      for (const route of closed) {
        const id = OWNED_RESOURCES[route.path]?.(owner) ?? '';
        const answers = await Promise.all(
          ['', 'nonsense', gone.accessToken].map((token) =>
            app.http.call(route.method, pathOf(route, { id, sessionId: owner.session.id }), {
              ...goodCall(api, route, owner),
              token,
            }),
          ),
        );
        expect([route.name, answers.map(({ status, body }) => [status, body.code])]).toEqual([
          route.name,
          [
            [401, 'token_missing'],
            [401, 'token_invalid'],
            [401, 'token_revoked'],
          ],
        ]);
      }
    });
  });

  it('V8.2.2: is answered to other users like a missing one', async () => {
    await leavesOwnerAlone(async () => {
      for (const route of routesWithIds()) {
        const foreign = await tryAs(other, route, OWNED_RESOURCES[route.path]!(owner));
        const unknown = await tryAs(other, route, randomUUID());
        expect([route.name, foreign.status]).toEqual([
          route.name,
          route.path.startsWith(ADMIN) ? 403 : 404,
        ]);
        expect([route.name, comparableAnswer(foreign)]).toEqual([
          route.name,
          comparableAnswer(unknown),
        ]);
      }
    });
  });

  it('V8.2.2: is answered to its owner, so that the refusals are due to the caller', async () => {
    for (const route of routesWithIds().filter(({ path }) => !path.startsWith(ADMIN))) {
      const person = await app.register();
      const answer = await tryAs(person, route, OWNED_RESOURCES[route.path]!(person));
      expect([route.name, answer.status]).toEqual([route.name, 204]);
    }
  });

  it.each(ODD_IDS)('V8.2.2: is not reached by its id %s', async (_title, spell) => {
    await leavesOwnerAlone(async () => {
      for (const route of routesWithIds()) {
        const answer = await tryAs(other, route, spell(OWNED_RESOURCES[route.path]!(owner)));
        expect([route.name, [400, 403, 404]]).toEqual([
          route.name,
          expect.arrayContaining([answer.status]),
        ]);
      }
    });
  });

  it('V8.2.2: is not reached by ids that mean no user, every user or the caller', async () => {
    const ids = [
      NIL,
      NIL.replaceAll('0', 'f'),
      '*',
      '%',
      '-',
      'me',
      'self',
      'current',
      'null',
      '0',
    ];
    await leavesOwnerAlone(async () => {
      for (const route of routesWithIds()) {
        for (const id of ids) {
          const { status } = await tryAs(other, route, id);
          expect([route.name, id, status]).toEqual([
            route.name,
            id,
            route.path.startsWith(ADMIN) ? 403 : 404,
          ]);
        }
      }
    });
  });

  it('V8.2.2: is not reached by naming its owner in query, headers or body', async () => {
    const { id } = owner.user;
    const names = ['id', 'sub', 'userId', 'user_id', 'user', 'sessionId'];
    const query = names.map((name) => `${name}=${id}`).join('&');
    const headers = { 'x-user-id': id, 'x-session-id': owner.session.id, 'x-user-role': 'admin' };
    await leavesOwnerAlone(async () => {
      const token = other.accessToken;
      const read = await app.http.get(`/api/auth/profile?${query}`, { token, headers });
      expect(read.body.id).toBe(other.user.id);
      const verified = await app.http.get(`/api/auth/verify?${query}`, { token, headers });
      expect(verified.headers.get('x-user-id')).toBe(other.user.id);
      expect(verified.headers.get('x-session-id')).toBe(other.session.id);
      expect(verified.headers.get('x-user-role')).toBe('user');
      for (const name of ['id', 'userId', 'sub', 'email']) {
        const value = name === 'email' ? owner.user.email : id;
        const json = { bio: 'Yours', [name]: value };
        const { status } = await app.http.put('/api/auth/profile', { token, json });
        expect([name, status]).toEqual([name, 400]);
      }
      const ended = await app.http.post(`/api/auth/logout-all?${query}`, { token, headers });
      expect(ended.body).toEqual({ revokedSessions: 1 });
      other = await app.login(other.user.email);
    });
  });

  it('V8.2.2: is not in the lists of another user, from any cursor', async () => {
    await app.login(owner.user.email);
    const token = other.accessToken;
    for (const [path, list] of [
      ['/api/auth/sessions', 'sessions'],
      ['/api/auth/events', 'events'],
    ] as const) {
      const own = await app.http.get(`${path}?limit=1`, { token: owner.accessToken });
      const cursor = own.body.nextCursor as string | null;
      for (const page of [path, ...(cursor ? [`${path}?cursor=${cursor}`] : [])]) {
        const { status, body } = await app.http.get(page, { token });
        expect([page, status]).toEqual([page, 200]);
        expect(JSON.stringify(body[list])).not.toContain(owner.session.id);
      }
    }
  });

  it("V8.2.2: is not changed under a version of another's profile", async () => {
    const { headers } = await app.http.get('/api/auth/profile', { token: owner.accessToken });
    const answer = await app.http.put('/api/auth/profile', {
      token: other.accessToken,
      json: { bio: 'Theirs' },
      headers: { 'if-match': headers.get('etag')! },
    });
    expect(answer.status).toBe(412);
  });

  describe('administration', () => {
    const adminRoutes = () => api.routes.filter(({ path }) => path.startsWith(ADMIN));

    it('V8.2.1: is forbidden to every other role, for every user', async () => {
      expect(adminRoutes().length).toBeGreaterThanOrEqual(5);
      await leavesOwnerAlone(async () => {
        for (const route of adminRoutes()) {
          for (const id of [owner.user.id, other.user.id, randomUUID(), 'x']) {
            const { status, body } = await tryAs(other, route, id);
            expect([route.name, id, status, body.code]).toEqual([route.name, id, 403, 'forbidden']);
          }
        }
      });
    });

    it('V8.2.1: is not reached in another spelling of its path, or by another method', async () => {
      const spell: ((path: string) => string)[] = [
        (path) => `${path}/`,
        (path) => `/${path}`,
        (path) => path.replace('/admin/', '//admin/'),
        (path) => path.replace('/admin/', '/auth/../admin/'),
        (path) => path.replace('/admin/', '/admin/./'),
        (path) => path.replace('admin', '%61dmin'),
        (path) => path.replace('admin', 'ADMIN'),
        (path) => path.replace('/admin/', '/admin%2f'),
        (path) => path.replace('/admin/', '/admin;x=1/'),
        (path) => `${path}?role=admin`,
        (path) => `${path}#`,
      ];
      await leavesOwnerAlone(async () => {
        for (const route of adminRoutes()) {
          const path = pathOf(route, { id: owner.user.id, sessionId: owner.session.id });
          for (const spelled of spell.map((change) => change(path))) {
            for (const method of [route.method, 'HEAD', 'POST', 'PUT', 'OPTIONS']) {
              const call = { token: other.accessToken };
              const { status } = await app.http.call(method, app.http.origin + spelled, call);
              expect([method, spelled, [400, 403, 404, 405]]).toEqual([
                method,
                spelled,
                expect.arrayContaining([status]),
              ]);
            }
          }
        }
      });
    });

    it('V8.2.1: is forbidden with a token from before its user became an administrator', async () => {
      const person = await app.register();
      await app.nest.get(AdminService).changeAccount(person.user.id, { role: 'admin' });
      const token = person.accessToken;
      expect((await app.http.delete('/api/admin/sessions', { token })).status).toBe(401);
      const admin = await app.login(person.user.email);
      for (const route of adminRoutes().filter(({ method }) => method === 'GET')) {
        expect([route.name, (await tryAs(admin, route, owner.user.id)).status]).toEqual([
          route.name,
          200,
        ]);
      }
    });
  });
});
