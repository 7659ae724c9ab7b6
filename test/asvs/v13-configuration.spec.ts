import { readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { load } from 'js-yaml';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { CleanUp, RedisCheck } from '../../libs/maintenance';
import { SECRET_SETTINGS } from '../../libs/config/secret-files';
import { parseSettings } from '../../libs/config/settings';
import { ROOT } from '../../tools/local/paths.mjs';
import { keepSecret } from '../../tools/local/secret-file.mjs';
import { PASSWORD, startTestApp, type TestApp } from '../support/app';
import { avatarForm } from '../support/avatars';
import { blockIn, codeIn, productSources, readText, rowsIn, sectionOf } from '../support/document';
import { picture } from '../support/pictures';
import {
  createTestDatabase,
  newFolder,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../support/stores';

const SECURITY = 'docs/security.md';
/** Every setting is a line of this file, and no other line matches. */
const SETTINGS = [...readText('.env.example').matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(
  ([, name = '']) => name,
);
/** Libraries that connect, or name a driver, in more than one file. */
const LIBRARIES = /^libs\/(?:audit|database|jobs|redis|session|sync|user)\//;
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://latchkey_app:a-secret-of-the-tests@db/latchkey?sslmode=verify-full',
  REDIS_URL: 'rediss://latchkey:a-secret-of-the-tests@cache:6379',
  JWT_SECRET: 'a secret of the tests, long enough',
};

describe('the documented connections', () => {
  const section = sectionOf(SECURITY, 'Connections');
  const named = rowsIn(section).flatMap((row) => codeIn(row['named by'] ?? ''));

  it('V13.1.1: include every address that a setting can name', () => {
    // PUBLIC_URL is the address of Latchkey itself.
    const addresses = SETTINGS.filter(
      (name) => /_(?:URL|ENDPOINT|REGION|BUCKET)$/.test(name) && name !== 'PUBLIC_URL',
    );
    expect(addresses.filter((name) => !named.includes(name))).toEqual([]);
  });

  it('V13.1.1: have the time of opening and the effect of a loss', () => {
    const rows = rowsIn(section);
    expect(rows.map(({ to }) => to)).toEqual([
      'Postgres',
      'Redis',
      'an S3 bucket',
      'credentials for it',
      'an OTLP collector',
      'the other instances',
      'Have I Been Pwned',
    ]);
    expect(rows.filter((row) => Object.values(row).includes(''))).toEqual([]);
    expect(section).toContain('no user can give it an address');
  });

  it.each(named.filter((name) => name !== 'BREACHED_PASSWORD_CHECK'))(
    'V13.1.1: by %s can be set',
    (name) => {
      expect(SETTINGS).toContain(name);
    },
  );

  it('V13.2.4, V13.2.5: are opened nowhere else in the sources', () => {
    const packages =
      /(?:from |import |import\(|require\()'(?:pg|ioredis|typeorm|hibp|undici|axios|@liaoliaots\/nestjs-redis|@aws-sdk\/[\w-]+|@opentelemetry\/exporter[\w-]*)'/;
    const node =
      /\bfetch\(|\bnew WebSocket\(|\b(?:connect|request|createConnection|get|resolve|lookup)\b[^;]*\} from 'node:(?:https?|http2|net|tls|dgram|dns)(?:\/promises)?'|(?:import (?:\* as )?\w+(?:,[^;]*)? from |import\(|require\()'node:(?:https?|http2|net|tls|dgram|dns)/;
    const owners = productSources()
      .filter((path) => packages.test(readText(path)) || node.test(readText(path)))
      .map((path) => (LIBRARIES.test(path) ? path.split('/').slice(0, 2).join('/') : path));
    // Entities and their stores name typeorm; the connection is libs/database's.
    const tables = ['libs/audit', 'libs/session', 'libs/sync', 'libs/user'];
    expect([...new Set(owners)].sort()).toEqual(
      [
        ...tables,
        'apps/api/canary/peers.ts',
        'libs/auth/passwords/breached-passwords.ts',
        'libs/avatar/storage/s3-avatar.storage.ts',
        'libs/database',
        'libs/redis',
        'libs/tracing/open-telemetry.ts',
      ].sort(),
    );
    const sources = tables.map((folder) =>
      productSources().filter((path) => path.startsWith(folder)),
    );
    for (const path of sources.flat()) {
      expect(readText(path)).not.toMatch(/new DataSource\(|from '(?:pg|ioredis)'/);
    }
  });

  it('V13.2.4: have a network policy that is YAML and closes both ways', () => {
    const policy = load(blockIn(section, 'yaml')) as {
      kind: string;
      spec: { policyTypes: string[]; egress: { to: unknown[]; ports: unknown[] }[] };
    };
    expect([policy.kind, policy.spec.policyTypes]).toEqual([
      'NetworkPolicy',
      ['Ingress', 'Egress'],
    ]);
    expect(policy.spec.egress.every(({ to, ports }) => to.length > 0 && ports.length > 0)).toBe(
      true,
    );
  });
});

describe('the documented limits', () => {
  const rows = rowsIn(sectionOf(SECURITY, 'Limits')).map((row) => ({
    what: row.what ?? '',
    code: codeIn(row['in the code'] ?? ''),
  }));

  it.each(rows)('V13.1.2, V13.1.3, V13.2.6: $what equals the limit in the code', ({ code }) => {
    const [path = '', text = ''] = code;
    expect([path, text].concat(readText(path).includes(text) ? 'is there' : [])).toContain(
      'is there',
    );
  });
});

describe('the documented secrets', () => {
  const section = sectionOf(SECURITY, 'Secrets');

  it('V13.1.4: include every secret of the settings, each with the time of its change', () => {
    const secrets = SETTINGS.filter((name) =>
      /SECRET|ACCESS_KEY|PASSWORD$|KEYS_DIR|_CLIENTS$|^(?:DATABASE|REDIS)_URL$/.test(name),
    ).filter((name) => !name.endsWith('_FILE'));
    const rows = rowsIn(section);
    const named = rows.flatMap(({ secret = '' }) => codeIn(secret));
    expect(secrets.filter((name) => !named.includes(name))).toEqual([]);
    expect(rows.filter(({ changed }) => !changed)).toEqual([]);
  });

  it('V13.3.1: can each be read from a file where a setting holds them', () => {
    const named = rowsIn(section).flatMap(({ secret = '' }) => codeIn(secret));
    const elsewhere = [
      'JWT_KEYS_DIR',
      'JWT_ACCEPTED_KEYS_DIR',
      'REDIS_KEY_FILE',
      'OTEL_EXPORTER_OTLP_HEADERS',
    ];
    expect(named.filter((name) => !elsewhere.includes(name)).sort()).toEqual(
      [...SECRET_SETTINGS].sort(),
    );
  });

  it('V13.3.1: are in no file of the product', () => {
    const secret =
      /-----BEGIN (?:\w+ )?PRIVATE KEY-----\n[\w+/]|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{20,}\.[\w-]{20,}\./;
    const folders = ['deploy', 'docs', 'examples', 'tools'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
        .filter((path) => !path.includes('node_modules')),
    );
    const single = ['.env.example', 'Dockerfile', 'docker-compose.yml', 'README.md'];
    const files = [...productSources(), ...folders, ...single];
    expect(files.filter((path) => secret.test(readText(path)))).toEqual([]);
  });
});

describe('production', () => {
  it('V13.4.2: has no debugging by default, and logs JSON', () => {
    const settings = parseSettings(PRODUCTION);
    expect([settings.logLevel, settings.logFormat, settings.production]).toEqual([
      'info',
      'json',
      true,
    ]);
    const debugging = /--inspect|\bdebugger\b|synchronize: true|logging: true|logger: \['debug/;
    const files = [...productSources(), 'Dockerfile', 'docker-compose.yml'];
    expect(files.filter((path) => debugging.test(readText(path)))).toEqual([]);
  });

  it('V13.2.3: has no well-known password, also not in containers', () => {
    const compose = readText('docker-compose.yml');
    const values = [...compose.matchAll(/^ +\w*(?:PASSWORD|SECRET)\w*: (.*)$/gm)];
    expect(values.map(([, value]) => /^\$\{\w+:\?[^}]+\}$/.test(value ?? ''))).toEqual([
      true,
      true,
      true,
    ]);
    expect(compose).not.toMatch(/\$\{\w+:?-/);
    expect([...compose.matchAll(/:\/\/\w*:([^@\s]*)@/g)].map(([, password]) => password)).toEqual([
      '${POSTGRES_PASSWORD}',
      '${REDIS_PASSWORD}',
    ]);
  });

  it('V13.2.3: generates random secrets for `npm start`, different in each folder', () => {
    const secrets = [newFolder('one-'), newFolder('other-')].map(
      (folder) => keepSecret(join(folder, 'jwt-secret')).value,
    );
    expect(secrets[0]).not.toBe(secrets[1]);
    expect(secrets.every((secret) => Buffer.from(secret, 'base64url').length >= 32)).toBe(true);
  });
});

describe('a server', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ env: { NODE_ENV: 'production' } });
  });

  afterAll(async () => {
    await app.close();
  });

  it.each([
    '/',
    '/avatars',
    '/avatars/',
    '/avatars/%2e/',
    '/docs/static/',
    '/.well-known/',
    '/api/',
  ])('V13.4.3: has no directory listing at %s', async (path) => {
    expect((await app.http.get(path)).status).toBe(404);
  });

  it.each([
    '/.git/config',
    '/.env',
    '/package.json',
    '/dist/apps/api/main.js',
    '/docs/../package.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/..%2f..%2f..%2fpackage.json',
    '/avatars/..%2f..%2fpackage.json',
  ])('V13.4.1: serves no source and no metadata at %s', async (path) => {
    const answer = await fetch(app.http.origin + path);
    expect(await answer.text()).not.toMatch(/"latchkey"|\[core\]|DATABASE_URL/);
  });

  it('V13.2.5: reads no file for the path of a request, except its own pictures', async () => {
    const outside = `outside-${process.pid}.txt`;
    writeFileSync(join(app.avatarDirectory, '..', outside), 'a file of the machine');
    writeFileSync(join(app.avatarDirectory, outside), 'a file that is no picture');
    for (const path of [`aa%2f..%2f${outside}`, `aa%2f..%2f..%2f${outside}`, `..%2f${outside}`]) {
      const { status, body } = await app.http.get(`/avatars/${path}`);
      expect([path, status, body.code]).toEqual([path, 404, 'not_found']);
    }
  });

  it('V13.4.5: has documented paths that are for internal use alone', () => {
    expect(sectionOf(SECURITY, 'Connections')).toContain(
      '`/`, `/health/`, `/metrics` and `/docs` need no token. They show versions and figures: do not expose them to the outside',
    );
  });

  it.each(['/', '/docs', '/docs/openapi.json', '/metrics'])(
    'V13.4.5: serves %s only where a setting enables it',
    async (path) => {
      const answer = await fetch(app.http.origin + path);
      await answer.body?.cancel();
      expect([403, 404]).toContain(answer.status);
    },
  );
});

describe('with the documented accounts at the stores', () => {
  const section = sectionOf(SECURITY, 'Accounts at the stores');
  const STORE_PASSWORD = 'a-secret-of-the-tests';
  let redis: TestRedis;
  let database: TestDatabase;
  let app: TestApp;
  let asApp: { redis: Redis; sql: DataSource };

  beforeAll(async () => {
    [redis, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
    // A role belongs to all databases: this one is the test's own.
    const role = `latchkey_app_${process.pid}`;
    const statements = blockIn(section, 'sql').replaceAll('latchkey_app', role);
    await database.sql.query(statements.replaceAll('change-me', STORE_PASSWORD));
    const [, ...rule] = /ACL SETUSER (latchkey .*)/.exec(section) ?? [];
    const words = rule.join(' ').replace('change-me', STORE_PASSWORD).split(' ');
    await redis.client.call('ACL', 'SETUSER', ...words);
    const databaseUrl = new URL(database.url);
    databaseUrl.username = role;
    databaseUrl.password = STORE_PASSWORD;
    const redisUrl = new URL(redis.url);
    redisUrl.username = 'latchkey';
    redisUrl.password = STORE_PASSWORD;
    app = await startTestApp({
      env: { DATABASE_URL: databaseUrl.href, REDIS_URL: redisUrl.href },
    });
    asApp = {
      redis: new Redis(redisUrl.href),
      sql: await new DataSource({ type: 'postgres', url: databaseUrl.href }).initialize(),
    };
  });

  afterAll(async () => {
    asApp.redis.disconnect();
    await asApp.sql.destroy();
    await app.close();
    await database.sql.query(`DROP OWNED BY latchkey_app_${process.pid}`);
    await database.sql.query(`DROP ROLE latchkey_app_${process.pid}`);
    await Promise.all([redis.stop(), database.drop()]);
  });

  it('V13.2.2: everything works', async () => {
    const { user, accessToken: token, refreshToken } = await app.register();
    const { http } = app;
    const form = avatarForm(await picture(32, 32).png().toBuffer());
    const statuses = [
      await http.put('/api/auth/profile', { token, json: { bio: 'Analyst' } }),
      await http.get('/api/auth/profile', { token }),
      await http.post('/api/auth/profile/avatar', { token, form }),
      await http.get('/api/auth/sessions', { token }),
      await http.get('/api/auth/events', { token }),
      await http.get('/api/auth/verify', { token }),
      await http.post('/api/auth/refresh', { json: { refreshToken } }),
      await http.post('/api/auth/logout-all', { token }),
      await http.post('/api/auth/login', { json: { email: user.email, password: PASSWORD } }),
      await http.get('/api/auth/health'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 200, 200]);
    const { accessToken } = await app.login(user.email);
    const json = { currentPassword: PASSWORD };
    const call = { token: accessToken, json };
    expect((await http.delete('/api/auth/profile', call)).status).toBe(204);
  });

  it('V13.2.2: jobs work, and readiness has all its figures', async () => {
    await app.nest.get(CleanUp).run(new AbortController().signal);
    await app.nest.get(RedisCheck).run();
    const { body } = await app.http.get<{ details: Record<string, { warnings: unknown[] }> }>(
      '/health/ready',
    );
    expect(body.details.redis?.warnings).toEqual([]);
    expect(body.details.postgres?.warnings).toEqual([]);
    expect(app.log.join('\n')).not.toMatch(/NOPERM|permission denied/);
  });

  it.each([
    'CREATE TABLE more (id int)',
    'ALTER TABLE users ADD COLUMN more int',
    'DROP TABLE audit_events',
    'TRUNCATE audit_events',
    `UPDATE audit_events SET name = 'logout'`,
    'ALTER TABLE audit_events DISABLE TRIGGER ALL',
    'DELETE FROM migrations',
    'CREATE ROLE more SUPERUSER',
    `COPY users TO PROGRAM 'cat'`,
  ])('V13.2.2, V16.4.2: the role of Postgres may not %s', async (statement) => {
    await expect(asApp.sql.query(statement)).rejects.toThrow(
      /permission denied|must be owner|audit_events are never changed/,
    );
  });

  it.each([
    ['KEYS', '*'],
    ['FLUSHALL'],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['SHUTDOWN'],
    ['MIGRATE', 'h', '1', 'k', '0', '1'],
    ['SET', 'other', 'x'],
    ['PUBLISH', 'channel', 'x'],
  ])('V13.2.2: the user of Redis may not %s', async (command, ...args) => {
    await expect(asApp.redis.call(command, ...args)).rejects.toThrow(/NOPERM/);
  });
});
