import { startTestApp, type TestApp } from '../support/app';
import { OpenApi, type Document, type Route } from '../support/open-api';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'options', 'head', 'trace'];
/** Terminus and the health document answer 503 in a shape of their own. */
const HEALTH = /(^|\/)health(\/|$)/;

const PICTURE = 'GET /avatars/{file}';
const METRICS = 'GET /metrics';
/** Successes that are not JSON. */
const MEDIA_TYPES: Record<string, string> = { [PICTURE]: 'image/webp', [METRICS]: 'text/plain' };
const WITHOUT_401 = ['POST /api/auth/register', PICTURE];

describe('the OpenAPI document', () => {
  let app: TestApp;
  let api: OpenApi;
  let document: Document;
  let routes: Route[];

  beforeAll(async () => {
    app = await startTestApp();
    api = await OpenApi.read(app.http);
    ({ document, routes } = api);
  });

  afterAll(async () => {
    await app.close();
  });

  /** A body made of nothing but the examples of its fields. */
  function exampleBody(name: string): Record<string, unknown> {
    const { properties = {} } = api.bodyOf(api.route(name))!.schema;
    return Object.fromEntries(
      Object.entries(properties).map(([key, { example }]) => [key, example]),
    );
  }

  it('is OpenAPI 3 with a title, a version, and its schemes of authentication', () => {
    expect(document.openapi).toMatch(/^3\.[01]\.\d+$/);
    expect(document.info).toMatchObject({ title: 'Latchkey', version: '0.1.0' });
    expect(document.components?.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      basic: { type: 'http', scheme: 'basic' },
    });
  });

  it('asks only for schemes that it declares', () => {
    const asked = routes.flatMap(({ operation }) =>
      (operation.security ?? []).flatMap(Object.keys),
    );
    expect([...new Set(asked)].sort()).toEqual(
      Object.keys(document.components?.securitySchemes ?? {}).sort(),
    );
  });

  it('has every route that the server has, and no other', () => {
    const tree = app.nest.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
    const served = routesOf(tree).filter((route) => !/^\S+ \/docs(\/|$)/.test(route));
    expect(served).toContain('PUT /api/auth/profile/password');
    expect(routes.map(({ name }) => name).sort()).toEqual(served.sort());
  });

  it('gives every operation a summary, a tag and an id of its own', () => {
    expect(routes.filter(({ operation }) => !operation.summary?.trim())).toEqual([]);
    expect(routes.filter(({ operation }) => !operation.tags?.length)).toEqual([]);
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes what every operation answers on success', () => {
    const faults = routes.filter(({ name, operation: { responses } }) => {
      const successes = Object.entries(responses).filter(([status]) => /^2\d\d$/.test(status));
      return !(
        successes.length === 1 &&
        successes.every(([status, { content }]) =>
          status === '204' || name === 'GET /api/auth/verify'
            ? !content
            : !!content?.[MEDIA_TYPES[name] ?? 'application/json']?.schema,
        )
      );
    });
    expect(faults.map(({ name }) => name)).toEqual([]);
  });

  it('describes every error as a problem, with an example a code', () => {
    for (const { name, path, operation } of routes) {
      if (HEALTH.test(path)) {
        // The process that lives can say so; one that does not cannot answer.
        const statuses = name === 'GET /health/live' ? ['200'] : ['200', '503'];
        expect([name, Object.keys(operation.responses)]).toEqual([name, statuses]);
        continue;
      }
      if (name === 'GET /.well-known/jwks.json') {
        continue; // answered from memory, to everyone
      }
      const errors = Object.entries(operation.responses).filter(([status]) => status >= '400');
      expect([name, errors.map(([status]) => status)]).toEqual([
        name,
        expect.arrayContaining(expectedErrors(name)),
      ]);
      for (const [status, { content, description }] of errors) {
        const problem = content?.['application/problem+json'];
        expect([name, status, problem?.schema]).toEqual([
          name,
          status,
          { $ref: '#/components/schemas/ProblemDto' },
        ]);
        const examples = Object.entries(problem?.examples ?? {});
        expect(examples.length).toBeGreaterThan(0);
        for (const [code, { value }] of examples) {
          expect(value).toMatchObject({ code, status: Number(status) });
          expect(description).toContain(`\`${code}\``);
        }
      }
    }
  });

  it('marks exactly the routes that need a token', async () => {
    for (const { name, path, operation } of routes) {
      const { status } = await app.http.call(name.split(' ')[0]!, path);
      expect([name, !!operation.security?.length]).toEqual([name, status === 401]);
    }
  });

  it('gives every request body a schema with an example for each field', () => {
    const bodies = routes.filter(({ operation }) => operation.requestBody);
    expect(bodies.map(({ name }) => name)).toEqual([
      'POST /api/auth/register',
      'POST /api/auth/login',
      'POST /api/auth/refresh',
      'PUT /api/auth/profile',
      'DELETE /api/auth/profile',
      'PUT /api/auth/profile/password',
      'POST /api/auth/profile/avatar',
      'POST /api/auth/introspect',
      'PATCH /api/admin/users/{id}',
    ]);
    for (const route of bodies) {
      expect(route.operation.requestBody?.required).toBe(true);
      const { schema } = api.bodyOf(route)!;
      const fields = Object.entries(schema.properties ?? {}).filter(
        ([, { format }]) => format !== 'binary',
      );
      expect(Object.keys(schema.properties ?? {}).length).toBeGreaterThan(0);
      expect(fields.filter(([, field]) => field.example === undefined)).toEqual([]);
    }
  });

  it('resolves all its references', () => {
    const references = new Set<string>();
    JSON.stringify(document, (key, value: unknown) => {
      if (key === '$ref') {
        references.add(value as string);
      }
      return value;
    });
    expect(references.size).toBeGreaterThan(5);
    expect([...references].filter((reference) => api.resolve(reference) === undefined)).toEqual([]);
  });

  it('uses only methods, status codes and media types that exist', () => {
    for (const { name, operation } of routes) {
      expect(METHODS).toContain(name.split(' ')[0]!.toLowerCase());
      for (const [status, { description, content }] of Object.entries(operation.responses)) {
        expect([name, status]).toEqual([name, expect.stringMatching(/^[1-5]\d\d$/) as string]);
        expect(typeof description).toBe('string');
        for (const type of Object.keys(content ?? {})) {
          const known = ['application/json', 'application/problem+json'];
          expect([...known, ...Object.values(MEDIA_TYPES)]).toContain(type);
        }
      }
    }
  });

  it('has examples of request bodies that work when they are pasted', async () => {
    const registered = await app.http.post<{ accessToken: string }>('/api/auth/register', {
      json: exampleBody('POST /api/auth/register'),
    });
    expect(registered.status).toBe(201);
    const json = exampleBody('POST /api/auth/login');
    const signedIn = await app.http.post<{ accessToken: string }>('/api/auth/login', { json });
    expect(signedIn.status).toBe(200);
    const token = signedIn.body.accessToken;

    const profile = exampleBody('PUT /api/auth/profile');
    const updated = await app.http.put('/api/auth/profile', { token, json: profile });
    expect([updated.status, updated.body]).toEqual([200, expect.objectContaining(profile)]);

    const change = exampleBody('PUT /api/auth/profile/password');
    const changed = await app.http.put('/api/auth/profile/password', { token, json: change });
    expect(changed.status).toBe(204);
  });

  it('describes the fields that an answer really has', async () => {
    const { accessToken: token, ...result } = await app.register();
    const fieldsOf = (name: string) =>
      Object.keys(document.components?.schemas?.[name]?.properties ?? {}).sort();
    expect(Object.keys({ accessToken: token, ...result }).sort()).toEqual(
      fieldsOf('AuthResultDto'),
    );
    expect(Object.keys(result.session).sort()).toEqual(fieldsOf('SessionSummaryDto'));
    expect(Object.keys(result.user).sort()).toEqual(fieldsOf('ProfileDto'));
    const health = await app.http.get('/api/auth/health');
    expect(Object.keys(health.body).sort()).toEqual(fieldsOf('AuthHealthDto'));
    const ready = await app.http.get<{ details: Record<string, object> }>('/health/ready');
    expect(Object.keys(ready.body).sort()).toEqual(fieldsOf('HealthReportDto'));
    const { redis, postgres } = ready.body.details;
    expect(Object.keys(redis!).sort()).toEqual(fieldsOf('RedisHealthDto'));
    expect(Object.keys(postgres!).sort()).toEqual(fieldsOf('PostgresHealthDto'));
    const missing = await app.http.post('/api/auth/register', { json: {} });
    expect(Object.keys(missing.body).sort()).toEqual(fieldsOf('ProblemDto'));
  });

  it.each(['/docs', '/docs/'])('is shown by Swagger UI at %s', async (path) => {
    const page = await fetch(app.http.origin + path);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const html = await page.text();
    expect(html).toContain('<title>Latchkey API</title>');
    for (const [, asset = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const base = path === '/docs' ? page.url : `${app.http.origin}/docs/`;
      const file = await fetch(new URL(asset, base));
      // Read to the end: an open answer keeps the server from closing.
      const size = (await file.arrayBuffer()).byteLength;
      expect([asset, file.status, size > 0]).toEqual([asset, 200, true]);
    }
  });

  it('is shown with an authorisation that survives a reload', async () => {
    const script = await fetch(`${app.http.origin}/docs/swagger-ui-init.js`);
    expect(script.headers.get('content-type')).toContain('javascript');
    expect(await script.text()).toMatch(/"persistAuthorization":\s*true/);
  });
});

function expectedErrors(name: string): string[] {
  if (name === METRICS) {
    return ['403'];
  }
  return WITHOUT_401.includes(name) ? ['503'] : ['401', '503'];
}

/** `METHOD /path` of each line of Fastify's tree; HEAD and OPTIONS are served along. */
function routesOf(tree: string): string[] {
  const parents: string[] = [];
  return tree
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const [, indent = '', path = '', methods = ''] =
        /^([│├└─\s]*)(\S*)(?: \(([A-Z, ]+)\))?/u.exec(line) ?? [];
      const depth = indent.length / 4 - 1;
      parents.length = depth;
      parents.push((parents[depth - 1] ?? '') + path);
      const full = parents[depth]!.replace(/:(\w+)/g, '{$1}');
      return methods
        .split(', ')
        .filter((method) => method && method !== 'HEAD' && method !== 'OPTIONS')
        .map((method) => `${method} ${full}`);
    });
}
