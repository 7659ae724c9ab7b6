import { VERSION } from '../../apps/version';
import { startTestApp, type TestApp } from '../support/app';
import {
  needsToken,
  OpenApi,
  parametersIn,
  typeOf,
  type Document,
  type Route,
  type Schema,
} from '../support/open-api';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'options', 'head', 'trace'];
/** These answer 503 in a shape of their own. Liveness never answers 503. */
const HEALTH: Record<string, string[]> = {
  'GET /api/auth/health': ['503'],
  'GET /health/ready': ['503'],
  'GET /health/live': [],
};

const PICTURE = 'GET /avatars/{file}';
const METRICS = 'GET /metrics';
/** Successes that are not JSON. */
const STREAM = 'GET /api/auth/revocations';
const MEDIA_TYPES: Record<string, string> = {
  [PICTURE]: 'image/webp',
  [METRICS]: 'text/plain',
  [STREAM]: 'text/event-stream',
};
/** Swagger UI, the page at / and security.txt. */
const FOR_PEOPLE = /^GET \/(?:docs(?:\/.*)?|\.well-known\/security\.txt)?$/;
const WITHOUT_BODY = ['GET /api/auth/verify', 'POST /api/auth/revoke'];
const WITHOUT_401 = ['POST /api/auth/register', 'POST /api/auth/revoke', PICTURE];

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

  /** The codes that the schema of a response allows. */
  function codesOf(schema: Schema, status: number): unknown[] {
    return (schema.oneOf ?? [schema]).flatMap((one) => {
      const [base, narrowed] = (api.resolve(one.$ref!) as Schema).allOf!;
      expect(base).toEqual({ $ref: '#/components/schemas/Problem' });
      expect(narrowed!.required).toEqual(expect.arrayContaining(['status', 'code']));
      expect(narrowed!.properties!.status!.enum).toEqual([status]);
      return narrowed!.properties!.code!.enum;
    });
  }

  it('is OpenAPI 3.1 with a title, a version, and its schemes of authentication', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'Latchkey', version: VERSION });
    expect(document.components?.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      basic: { type: 'http', scheme: 'basic' },
    });
  });

  it('requires only schemes that it declares', () => {
    const asked = routes.flatMap(({ operation }) =>
      (operation.security ?? []).flatMap(Object.keys),
    );
    expect([...new Set(asked)].sort()).toEqual(
      Object.keys(document.components?.securitySchemes ?? {}).sort(),
    );
  });

  it('lets a cookie bring the token where the setting COOKIES is on', async () => {
    const other = await startTestApp({ beside: app, env: { COOKIES: 'on' } });
    try {
      const { document: cookies, routes: all } = await OpenApi.read(other.http);
      expect(cookies.components?.securitySchemes).toMatchObject({
        cookie: { type: 'apiKey', in: 'cookie', name: '__Host-latchkey' },
      });
      const withToken = routes.filter((route) => needsToken(route)).map(({ name }) => name);
      for (const { name, operation } of all) {
        const hasCookie = operation.security?.some((scheme) => 'cookie' in scheme);
        expect([name, hasCookie]).toEqual([name, withToken.includes(name)]);
      }
    } finally {
      await other.close();
    }
  });

  it('has every route of the server, and no other', () => {
    const tree = app.nest.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
    const served = routesOf(tree).filter((route) => !FOR_PEOPLE.test(route));
    expect(served).toContain('PUT /api/auth/profile/password');
    expect(routes.map(({ name }) => name).sort()).toEqual(served.sort());
  });

  it('gives every operation a summary, a tag and an id of its own that names a method of a client', () => {
    expect(routes.filter(({ operation }) => !operation.summary?.trim())).toEqual([]);
    expect(routes.filter(({ operation }) => !operation.tags?.length)).toEqual([]);
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z]+([A-Z][a-z]+)*$/.test(id))).toEqual([]);
  });

  it('gives whole numbers as integers, ids as UUIDs, and each parameter of a path an example', () => {
    const fields = Object.values(document.components?.schemas ?? {}).flatMap((schema) =>
      Object.entries(schema.properties ?? {}),
    );
    const numbers = fields.filter(([, field]) => typeOf(field) === 'number');
    expect([...new Set(numbers.map(([name]) => name))]).toEqual(['latencyMs']);
    const ids = fields.filter(([name]) => /^id$|^sub$|^sid$|Id$/.test(name));
    const others = ids.filter(([, { format }]) => format !== 'uuid').map(([name]) => name);
    expect([...new Set(others)]).toEqual(['requestId']);
    for (const { name, schema } of routes.flatMap((route) => parametersIn(route, 'path'))) {
      expect([name, schema.format]).toEqual([name, /^id$|Id$/.test(name) ? 'uuid' : undefined]);
      expect(schema.example).toBeDefined();
    }
  });

  it('describes the answer of every operation on success', () => {
    const faults = routes.filter(({ name, operation: { responses } }) => {
      const successes = Object.entries(responses).filter(([status]) => /^2\d\d$/.test(status));
      return !(
        successes.length === 1 &&
        successes.every(([status, { content }]) =>
          status === '204' || WITHOUT_BODY.includes(name)
            ? !content
            : !!content?.[MEDIA_TYPES[name] ?? 'application/json']?.schema,
        )
      );
    });
    expect(faults.map(({ name }) => name)).toEqual([]);
  });

  it('describes every error as a problem whose schema has the codes of its status, with an example each', () => {
    for (const { name, operation } of routes) {
      const ownShape = HEALTH[name] ?? [];
      const errors = Object.entries(operation.responses).filter(
        ([status]) => status >= '400' && !ownShape.includes(status),
      );
      expect([name, errors.map(([status]) => status)]).toEqual([
        name,
        expect.arrayContaining(expectedErrors(name)),
      ]);
      for (const [status, { content, description }] of errors) {
        const problem = content?.['application/problem+json'];
        const examples = Object.entries(problem?.examples ?? {});
        const codes = codesOf(problem!.schema!, Number(status));
        expect([name, status, codes]).toEqual([name, status, examples.map(([code]) => code)]);
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
      'POST /api/auth/reauthenticate',
      'POST /api/auth/revoke',
      'PUT /api/auth/profile',
      'DELETE /api/auth/profile',
      'PUT /api/auth/profile/password',
      'POST /api/auth/profile/avatar',
      'POST /api/auth/introspect',
      'PUT /api/auth/sessions/{id}/attributes',
      'POST /api/admin/users',
      'PATCH /api/admin/users/{id}',
      'POST /api/admin/invitations',
    ]);
    for (const route of bodies) {
      // Cookies may bring the token of a refresh.
      expect(route.operation.requestBody?.required).toBe(route.name !== 'POST /api/auth/refresh');
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

  it('describes the fields of a real answer', async () => {
    const { accessToken: token, ...result } = await app.register();
    const fieldsOf = (name: string) =>
      Object.keys(document.components?.schemas?.[name]?.properties ?? {}).sort();
    expect(Object.keys({ accessToken: token, ...result }).sort()).toEqual(fieldsOf('AuthResult'));
    expect(Object.keys(result.session).sort()).toEqual(fieldsOf('SessionSummary'));
    expect(Object.keys(result.user).sort()).toEqual(fieldsOf('Profile'));
    const health = await app.http.get('/api/auth/health');
    expect(Object.keys(health.body).sort()).toEqual(fieldsOf('AuthHealth'));
    const ready = await app.http.get<{ details: Record<string, object> }>('/health/ready');
    expect(Object.keys(ready.body).sort()).toEqual(fieldsOf('HealthReport'));
    const { redis, postgres } = ready.body.details;
    expect(Object.keys(redis!).sort()).toEqual(fieldsOf('RedisHealth'));
    expect(Object.keys(postgres!).sort()).toEqual(fieldsOf('PostgresHealth'));
    const missing = await app.http.get('/api/auth/profile');
    expect(Object.keys(missing.body).sort()).toEqual(fieldsOf('Problem'));
  });
});

function expectedErrors(name: string): string[] {
  if (name === METRICS) {
    return ['400', '403', '500'];
  }
  if (name in HEALTH || name.startsWith('GET /.well-known/')) {
    return ['400', '500'];
  }
  return WITHOUT_401.includes(name) ? ['400', '500', '503'] : ['400', '401', '500', '503'];
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
