import type { AuthResultDto } from '../../../apps/api/auth/auth.dto';
import { AdminService } from '../../../libs/auth';
import type { TestApp } from '../../support/app';
import { startAttackedApp } from '../../support/attacked-app';
import { callWith, goodFields } from '../../support/good-calls';
import { shareOf } from '../../support/long-tests';
import { OpenApi, pathOf, type Route } from '../../support/open-api';
import { storedState } from '../../support/stored-state';

/** Fields that an attacker would like to set: of the tables, of the documents, of other frameworks. */
const WANTED: Record<string, unknown> = {
  ...{ id: '00000000-0000-4000-8000-000000000000', userId: 'x', user_id: 'x', sub: 'x', sid: 'x' },
  ...{
    isAdmin: true,
    is_admin: 1,
    admin: true,
    roles: ['admin'],
    permissions: ['*'],
    scope: 'admin',
  },
  ...{ passwordHash: 'x', password_hash: 'x', hash: 'x', salt: 'x', secretHash: 'x' },
  ...{ createdAt: '2000-01-01T00:00:00Z', created_at: 0, updatedAt: 0, disabledAt: null },
  ...{ version: 99, profileVersion: 99, profile_version: 99, generation: 0, avatarUrl: '/x' },
  ...{ emailVerified: true, verified: true, active: true, expiresAt: '2999-01-01T00:00:00Z' },
  ...{
    constructor: { prototype: {} },
    prototype: {},
    toString: 'x',
    valueOf: 'x',
    hasOwnProperty: 1,
  },
  ...{ $set: { role: 'admin' }, $where: '1', 'user.role': 'admin', 'user[role]': 'admin' },
};

/** Wanted everywhere but where an administrator may set them. */
const OF_ADMINISTRATORS: Record<string, unknown> = { role: 'admin', disabled: false };

/** A run sends every fourth field to each route, and every field to some. */
const SHARE = 4;

describe('unexpected fields', () => {
  let app: TestApp;
  let api: OpenApi;
  let user: AuthResultDto;
  let admin: AuthResultDto;

  beforeAll(async () => {
    app = await startAttackedApp();
    api = await OpenApi.read(app.http);
    user = await app.register();
    const { email, id } = (await app.register()).user;
    await app.nest.get(AdminService).changeAccount(id, { role: 'admin' });
    admin = await app.login(email);
  });

  afterAll(() => app.close());

  const caller = ({ path }: Route, person = user) =>
    path.startsWith('/api/admin/') ? admin : person;
  const withBody = () => api.routes.filter((route) => api.bodyOf(route));

  /** @param text replaces the JSON of the fields, for text that an object cannot express. */
  function send(
    route: Route,
    fields: Record<string, unknown>,
    person?: AuthResultDto,
    text?: string,
  ) {
    const call = callWith(api, route, caller(route, person), fields);
    const id = route.path.includes('/sessions/{id}') ? user.session.id : user.user.id;
    const path = pathOf(route, { id });
    return app.http.call<{ code?: string; errors?: { field: string }[] }>(
      route.method,
      path,
      text === undefined ? call : { ...call, raw: text },
    );
  }

  it('V15.3.3: are refused by name in every body, and nothing is changed', async () => {
    expect(withBody().length).toBeGreaterThanOrEqual(9);
    const before = await storedState(app);
    const wanted = Object.entries({ ...WANTED, ...OF_ADMINISTRATORS });
    for (const [index, route] of withBody().entries()) {
      const fields = goodFields(api, route, caller(route));
      const { type, schema } = api.bodyOf(route)!;
      for (const [name, value] of shareOf(wanted, SHARE, index)) {
        if (name in (schema.properties ?? {})) {
          continue;
        }
        const { status, body } = await send(route, { ...fields, [name]: value });
        expect([route.name, name, status, body.code]).toEqual([
          route.name,
          name,
          400,
          expect.stringMatching(/^(validation_failed|malformed_json|malformed_request)$/),
        ]);
        if (body.code === 'validation_failed') {
          const named = type === 'multipart/form-data' ? 'avatar' : name;
          expect(body.errors?.map(({ field }) => field)).toEqual([named]);
        }
      }
    }
    expect(await storedState(app)).toEqual(before);
  });

  it('V15.3.6: are refused when they name a prototype, in every spelling', async () => {
    const before = await storedState(app);
    const reaching = [
      '"__proto__":{"role":"admin"}',
      '"\\u005f_proto__":{"role":"admin"}',
      '"constructor":{"prototype":{"role":"admin"}}',
      '"__proto__":null',
      '"__defineGetter__":"x"',
    ];
    for (const route of withBody().filter((one) => api.bodyOf(one)!.type === 'application/json')) {
      const fields = goodFields(api, route, caller(route));
      const text = JSON.stringify(fields);
      for (const member of reaching) {
        for (const spelled of [`{${member},${text.slice(1)}`, `${text.slice(0, -1)},${member}}`]) {
          const { status } = await send(route, fields, user, spelled);
          expect([route.name, member, status]).toEqual([route.name, member, 400]);
        }
      }
    }
    expect(await storedState(app)).toEqual(before);
    expect(({} as { role?: unknown }).role).toBeUndefined();
  });

  it('V15.3.5: are refused inside of a field that is good', async () => {
    const before = await storedState(app);
    for (const route of withBody().filter((one) => api.bodyOf(one)!.type === 'application/json')) {
      const fields = goodFields(api, route, caller(route));
      const { properties = {} } = api.bodyOf(route)!.schema;
      // An object whose members the caller names takes any that is flat.
      const closed = Object.keys(fields).filter((name) => !properties[name]?.additionalProperties);
      for (const name of closed) {
        for (const value of [{ role: 'admin' }, [fields[name]], { [name]: fields[name] }]) {
          const { status } = await send(route, { ...fields, [name]: value });
          expect([route.name, name, status]).toEqual([route.name, name, 400]);
        }
      }
    }
    expect(await storedState(app)).toEqual(before);
  });

  it('V15.3.3: are the only fault: the same bodies without them are accepted', async () => {
    for (const route of withBody()) {
      const person = await app.register();
      const { status } = await send(route, goodFields(api, route, caller(route, person)), person);
      expect([route.name, Math.floor(status / 100)]).toEqual([route.name, 2]);
    }
  });
});
