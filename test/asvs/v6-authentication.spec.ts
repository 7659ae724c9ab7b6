import { openApiDocument } from '../../apps/api/docs/open-api';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { codeIn, readText, rowsIn, sectionOf } from '../support/document';

const YEAR_MS = 365 * 86_400_000;
const SECURITY = 'docs/security.md';

interface Operation {
  security?: Record<string, string[]>[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
}

let app: TestApp;
let document: ReturnType<typeof openApiDocument>;

beforeAll(async () => {
  app = await startTestApp();
  document = openApiDocument(app.nest);
});

afterAll(async () => {
  await app.close();
});

/** `METHOD /path` of every documented operation. */
function operations(): [name: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(
      ([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation],
    ),
  );
}

/** Names of the fields that an operation's body has. */
function fieldsOf({ requestBody }: Operation): string[] {
  const schemas = document.components?.schemas ?? {};
  return Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => {
    const found = schemas[schema.$ref?.split('/').at(-1) ?? ''] as
      { properties?: Record<string, unknown> } | undefined;
    return Object.keys(found?.properties ?? {});
  });
}

describe('ways to authenticate', () => {
  const SECRET = /password|token|secret|code|pin|answer|hint|question/i;
  const documented = () =>
    rowsIn(sectionOf(SECURITY, 'Ways to authenticate')).map(({ way = '' }) => codeIn(way)[0]);

  it('V6.1.3, V6.3.4: that need no session are all documented', () => {
    const withSecret = operations()
      .filter(([, { security }]) => !security?.some((scheme) => 'bearer' in scheme))
      .filter(([, operation]) => fieldsOf(operation).some((field) => SECRET.test(field)))
      .map(([name]) => name);
    expect(withSecret.sort()).toEqual([
      'POST /api/auth/introspect',
      'POST /api/auth/login',
      'POST /api/auth/refresh',
      'POST /api/auth/register',
      'POST /api/auth/revoke',
    ]);
    expect(documented()).toEqual(expect.arrayContaining(withSecret));
  });

  it('V6.1.3, V6.3.4: that are documented all exist', () => {
    const names = operations().map(([name]) => name);
    const routes = documented().filter((way) => /^[A-Z]+ \//.test(way ?? ''));
    expect(
      routes.filter((route) => !names.includes(route ?? '') && route !== 'GET /metrics'),
    ).toEqual([]);
  });

  it('V6.3.4: take a password only where one is documented', () => {
    const withPassword = operations().filter(([, operation]) =>
      fieldsOf(operation).some((field) => /password/i.test(field)),
    );
    expect(withPassword.map(([name]) => name).sort()).toEqual([
      'DELETE /api/auth/profile',
      'POST /api/admin/users',
      'POST /api/auth/login',
      'POST /api/auth/reauthenticate',
      'POST /api/auth/register',
      'PUT /api/auth/profile/password',
    ]);
  });

  it('V6.3.6: do not use e-mail: no package sends it, and only a password is sent with an address', () => {
    const { dependencies } = JSON.parse(readText('package.json')) as { dependencies: object };
    const mail = /mail|smtp|sendgrid|postmark|mailgun|\bses\b|pinpoint/i;
    expect(Object.keys(dependencies).filter((name) => mail.test(name))).toEqual([]);
    const besideAnAddress = operations()
      .map(([, operation]) => fieldsOf(operation))
      .filter((fields) => fields.includes('email'))
      .flatMap((fields) => fields.filter((field) => SECRET.test(field)));
    expect(new Set(besideAnAddress)).toEqual(new Set(['password']));
  });

  it('V6.4.2: include no hint, no security question and no temporary password', async () => {
    const fields = operations().flatMap(([, operation]) => fieldsOf(operation));
    const suspicious = /hint|question|answer|temporary|initial/i;
    // RFC 7662, RFC 7009: the kind of the token.
    const found = new Set(fields.filter((field) => suspicious.test(field)));
    expect([...found]).toEqual(['token_type_hint']);
    const columns = await app.database.sql.query<{ name: string }[]>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'users'`,
    );
    expect(columns.map(({ name }) => name).filter((name) => SECRET.test(name))).toEqual([
      'password_hash',
    ]);
    for (const field of ['passwordHint', 'securityQuestion', 'securityAnswer']) {
      const json = { email: newEmail(), password: PASSWORD, [field]: 'the name of my cat' };
      const { status, body } = await app.http.post('/api/auth/register', { json });
      expect([status, body.code]).toEqual([400, 'validation_failed']);
    }
  });

  it('V6.1.1: are guarded against guessing by limits whose settings and event are documented', () => {
    const text = sectionOf(SECURITY, 'Ways to authenticate');
    expect(codeIn(text)).toEqual(
      expect.arrayContaining([
        'RATE_LIMIT',
        'TRUST_PROXY',
        'rate_limited',
        'login_refused_by_limit',
      ]),
    );
    expect(text).toContain('never a lock of an account');
  });
});

describe('accounts', () => {
  it('V6.3.2: do not exist in a new database', async () => {
    const fresh = await startTestApp();
    try {
      const rows = await fresh.database.sql.query<{ count: number }[]>(
        'SELECT count(*)::int AS count FROM users',
      );
      expect(rows).toEqual([{ count: 0 }]);
      for (const name of ['admin', 'root', 'latchkey']) {
        const json = { email: `${name}@example.com`, password: name };
        expect((await fresh.http.post('/api/auth/login', { json })).status).toBe(401);
      }
    } finally {
      await fresh.close();
    }
  });

  it('V6.3.2: of documented examples are created nowhere', () => {
    for (const path of ['docker-compose.yml', 'Dockerfile', 'tools/local/start-settings.mjs']) {
      expect(readText(path)).not.toMatch(/grant-role|\/register/);
    }
  });

  it('V6.2.10: keep their password without an expiry', async () => {
    const { user } = await app.register();
    app.clock.advance(5 * YEAR_MS);
    const { session } = await app.login(user.email);
    expect(session.id).toEqual(expect.any(String));
  });
});

describe('words of the context', () => {
  it('V6.1.2: are documented, with examples that are true', async () => {
    const text = /So Ada Lovelace may\s+not\s+have ([^]*?),\s+and\s+may\s+have ([^.]*)/.exec(
      readText('docs/passwords.md'),
    );
    const [, refused = '', accepted = ''] = text ?? [];
    const register = async (password: string) => {
      const json = { email: newEmail(), password, displayName: 'Ada Lovelace' };
      return (await app.http.post('/api/auth/register', { json })).status;
    };
    expect(codeIn(refused).length).toBeGreaterThanOrEqual(3);
    for (const password of codeIn(refused)) {
      expect([password, await register(password)]).toEqual([password, 400]);
    }
    expect(await register(codeIn(accepted)[0]!)).toBe(201);
  });
});
