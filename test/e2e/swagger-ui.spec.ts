import { runInNewContext } from 'node:vm';
import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { AdminService } from '../../libs/auth';
import { newEmail, type TestApp } from '../support/app';
import { startAttackedApp } from '../support/attacked-app';
import { callWith } from '../support/good-calls';
import { OpenApi, parametersIn, pathOf, type Route } from '../support/open-api';

/** The configuration of Swagger UI in the page. */
interface UiOptions {
  persistAuthorization?: boolean;
  requestInterceptor?: (request: object) => object;
}

describe('Swagger UI', () => {
  let app: TestApp;
  let api: OpenApi;

  beforeAll(async () => {
    app = await startAttackedApp();
    api = await OpenApi.read(app.http);
  });

  afterAll(() => app.close());

  /** The options that the page passes to Swagger UI. */
  async function uiOptions(): Promise<UiOptions> {
    const script = await fetch(`${app.http.origin}/docs/swagger-ui-init.js`);
    expect(script.headers.get('content-type')).toContain('javascript');
    const options: UiOptions[] = [];
    const bundle = (given: UiOptions) => options.push(given);
    const SwaggerUIBundle = Object.assign(bundle, { presets: {}, plugins: {} });
    const window: { location: object; onload?: () => void } = {
      location: { search: '', origin: app.http.origin },
    };
    runInNewContext(await script.text(), {
      window,
      SwaggerUIBundle,
      SwaggerUIStandalonePreset: {},
    });
    window.onload?.();
    return options[0]!;
  }

  /** Bodies as the page prefills them: the examples of the body, otherwise those of its fields. */
  function prefilled(route: Route): Record<string, unknown>[] {
    const { examples, schema } = Object.values(route.operation.requestBody!.content)[0]!;
    if (examples) {
      return Object.values(examples).map(({ value }) => value as Record<string, unknown>);
    }
    const fields = Object.entries(api.follow(schema).properties ?? {});
    return [Object.fromEntries(fields.map(([name, { example }]) => [name, example]))];
  }

  it.each(['/docs', '/docs/'])('is served with all its files at %s', async (path) => {
    const page = await fetch(app.http.origin + path);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const html = await page.text();
    expect(html).toContain('<title>Latchkey API</title>');
    expect(html).toContain('@media (max-width: 640px)');
    for (const [, asset = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const base = path === '/docs' ? page.url : `${app.http.origin}/docs/`;
      const file = await fetch(new URL(asset, base));
      // Read to the end: an open answer keeps the server from closing.
      const size = (await file.arrayBuffer()).byteLength;
      expect([asset, file.status, size > 0]).toEqual([asset, 200, true]);
    }
  });

  it('keeps an authorisation over a reload', async () => {
    expect(await uiOptions()).toMatchObject({ persistAuthorization: true });
  });

  it('calls without the credentials of the browser, which would open a dialog', async () => {
    const { requestInterceptor } = await uiOptions();
    const request = { url: '/api/auth/introspect', headers: {} };
    expect(requestInterceptor?.(request)).toEqual({ ...request, credentials: 'omit' });
    const challenged = await fetch(`${app.http.origin}/api/auth/introspect`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'x' }),
    });
    await challenged.body?.cancel();
    // RFC 9110 section 11.6.1: a 401 names how to authenticate, for any client.
    expect([challenged.status, challenged.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Basic /),
    ]);
  });

  it('prefills bodies that are accepted or refused without harm, and change no role or state', async () => {
    const person = await app.register(newEmail());
    await app.nest.get(AdminService).changeAccount(person.user.id, { role: 'admin' });
    const admin = await app.login(person.user.email);
    const statuses: Record<string, number[]> = {};
    let caller = admin;
    const bodies = api.routes.filter((route) => api.bodyOf(route));
    for (const route of bodies.filter((one) => api.bodyOf(one)!.type !== 'multipart/form-data')) {
      const ids = parametersIn(route, 'path').map(({ name, schema }) => [name, schema.example]);
      const path = pathOf(route, Object.fromEntries(ids) as Record<string, string>);
      const asAdmin = route.path.startsWith('/api/admin/');
      for (const fields of prefilled(route)) {
        const call = callWith(api, route, asAdmin ? admin : caller, fields);
        const { status, body } = await app.http.call(route.method, path, call);
        (statuses[route.name] ??= []).push(status);
        if (route.name === 'POST /api/auth/login') {
          caller = body as unknown as AuthResultDto;
        }
      }
    }
    expect(statuses).toEqual({
      'POST /api/auth/register': [201],
      'POST /api/auth/login': [200],
      // Made-up tokens, passwords and ids.
      'POST /api/auth/refresh': [401],
      'POST /api/auth/revoke': [200],
      'POST /api/auth/reauthenticate': [200],
      'PUT /api/auth/sessions/{id}/attributes': [404],
      'DELETE /api/auth/profile': [401],
      'POST /api/admin/users': [201],
      'PATCH /api/admin/users/{id}': [404],
      'POST /api/admin/invitations': [201],
      'POST /api/auth/introspect': [200],
      'PUT /api/auth/profile': [200],
      'PUT /api/auth/profile/password': [204],
    });
    const [{ newPassword }] = prefilled(api.route('PUT /api/auth/profile/password')) as [
      { newPassword: string },
    ];
    const { user } = await app.login(caller.user.email, newPassword);
    expect(user).toMatchObject({ role: 'user' });

    const route = api.route('PATCH /api/admin/users/{id}');
    for (const json of prefilled(route)) {
      const path = pathOf(route, { id: person.user.id });
      const { accessToken: token } = await app.login(person.user.email);
      const { status, body } = await app.http.call('PATCH', path, { token, json });
      expect([status, body]).toEqual([
        200,
        expect.objectContaining({ role: 'admin', disabledAt: null }),
      ]);
    }
  });
});
