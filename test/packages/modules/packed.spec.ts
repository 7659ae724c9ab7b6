import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, join } from 'node:path';
import { buildModules } from '../../../tools/local/modules-build.mjs';
import { createOutput } from '../../../tools/local/output.mjs';
import { ROOT } from '../../../tools/local/paths.mjs';
import { freePort } from '../../../tools/local/ports.mjs';
import { prepare } from '../../../tools/local/preparation.mjs';
import { Server } from '../../../tools/local/server.mjs';
import { sourcesIn } from '../../../tools/local/source-build.mjs';
import { HttpClient } from '../../support/http-client';
import { newLogFile } from '../../support/run-logs';
import {
  createTestDatabase,
  newFolder,
  startTestRedis,
  type TestDatabase,
  type TestRedis,
} from '../../support/stores';
import {
  compile,
  DEADLINE_MS,
  installPacked,
  linkAt,
  NODE_LINES,
  packedFiles,
  runProgram,
  typeRoot,
  type NodeLine,
} from '../packed-package';

interface Manifest {
  version: string;
  exports: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** Starts the application of the README, and prints how it answers a request without a token. */
const README_MAIN = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from './readme';

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const { status } = await fetch(new URL('/reports', await app.getUrl()));
  await app.close();
  console.log(status);
}
void main();
`;

const EXAMPLE = join(ROOT, 'examples/embed');
const NOT_EXPORTED = ['config', 'log'];
const PEERS_OF_NEST = ['reflect-metadata', 'rxjs'];

const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest;
const root = read('package.json');
const modules = read('packages/modules/package.json');

describe('package.json of the modules', () => {
  it('has the version of Latchkey, and exports every library but those that are only used inside', () => {
    const libraries = new Set(sourcesIn('libs').map((path) => path.split('/')[1]));
    const exported = Object.keys(modules.exports).map((path) => basename(path));
    expect(modules.version).toBe(root.version);
    expect([...exported, ...NOT_EXPORTED].sort()).toEqual([...libraries].sort());
  });

  it('names every package that the libraries import, and no other', () => {
    const named = [...Object.keys(modules.dependencies), ...Object.keys(modules.peerDependencies)];
    expect([...importedPackages(), ...PEERS_OF_NEST].sort()).toEqual(named.sort());
  });

  it('has dependencies in the versions of the checkout, and peers in ranges that begin with their major version', () => {
    for (const [name, version] of Object.entries(modules.dependencies)) {
      expect([name, root.dependencies[name]]).toEqual([name, version]);
    }
    for (const [name, range] of Object.entries(modules.peerDependencies)) {
      const [major, minor] = (root.dependencies[name] ?? '').split('.');
      expect([name, range]).toEqual([name, major === '0' ? `^0.${minor}.0` : `^${major}.0.0`]);
    }
  });

  it('agrees with that of the example, whose packages are those of the checkout', () => {
    const example = read('examples/embed/package.json');
    const { '@latchkey/modules': own, ...others } = example.dependencies;
    expect(own).toBe(modules.version);
    for (const [name, version] of Object.entries({ ...others, ...example.devDependencies })) {
      expect([name, version]).toEqual([
        name,
        root.dependencies[name] ?? root.devDependencies[name],
      ]);
    }
  });
});

describe('the packed modules, installed elsewhere', () => {
  let folder: string;
  let redis: TestRedis;
  let database: TestDatabase;
  let server: Server;
  let http: HttpClient;
  /** A program that was compiled with the types of one of the lines. */
  const program = (file: string) => join(folder, `out-${NODE_LINES[0]}`, file);

  beforeAll(async () => {
    await prepare({ output: createOutput(process.stderr) }, [buildModules]);
    folder = newFolder('modules-');
    cpSync(EXAMPLE, folder, {
      recursive: true,
      filter: (source) => !['dist', 'node_modules'].includes(basename(source)),
    });
    await installPacked('modules', folder);
    // The README says that a compiler without `skipLibCheck` asks for them.
    for (const types of ['pg', 'passport']) {
      const place = join('node_modules', '@types', types);
      linkAt(join(folder, place), join(ROOT, place));
    }
    [redis, database] = await Promise.all([startTestRedis(), createTestDatabase()]);
    await database.sql.query('DROP SCHEMA public CASCADE');
    await database.sql.query('CREATE SCHEMA public');
  }, DEADLINE_MS);

  afterAll(async () => {
    await server.stop();
    await Promise.all([redis.stop(), database.drop()]);
  });

  it('are the libraries with their declarations and scripts, and nothing else', async () => {
    const packed = await packedFiles('modules');
    const compiled = (path: string) => [path.replace(/ts$/, 'js'), path.replace(/ts$/, 'd.ts')];
    const expected = sourcesIn('libs')
      .filter((path) => !path.endsWith('.d.ts'))
      .flatMap((path) => (path.endsWith('.ts') ? compiled(path) : [path]))
      .map((path) => `dist/${path}`);
    expect(packed.sort()).toEqual([...expected, 'README.md', 'package.json'].sort());
  });

  it(
    `compile in examples/embed under strict, with the types of Node ${NODE_LINES.join(', ')}, and refuse mistakes`,
    async () => {
      const mistakes = `
        import { SessionModule, type SessionVerifier } from '@latchkey/modules/session';
        // @ts-expect-error: no such option.
        SessionModule.forRoot({ ttlSeconds: 1, blacklistTtlSeconds: 1, ttl: 1 });
        // @ts-expect-error: no such method.
        export const mistake = (verifier: SessionVerifier) => verifier.isAlive();
      `;
      writeFileSync(join(folder, 'mistakes.ts'), mistakes);
      writeFileSync(join(folder, 'readme.ts'), applicationOfReadme());
      writeFileSync(join(folder, 'readme-main.ts'), README_MAIN);
      await compile(...NODE_LINES.map((line) => writeProject(folder, line)));
    },
    DEADLINE_MS,
  );

  it('can be imported by name from an ES module', async () => {
    const names = Object.keys(modules.exports).map((path) => `@latchkey/modules/${basename(path)}`);
    const program = `
      import { SessionModule } from '@latchkey/modules/session';
      for (const name of ${JSON.stringify(names)}) await import(name);
      console.log(SessionModule.name);
    `;
    const output = await runProgram(folder, ['--input-type=module', '-e', program]);
    expect(output).toBe('SessionModule\n');
  });

  it(
    'migrate an empty database and serve: sign-up, sign-in, a guarded route, and no token after logout',
    async () => {
      const port = await freePort();
      server = await Server.spawn(process.execPath, [program('main.js')], {
        name: 'examples/embed',
        stopSignal: 'SIGTERM',
        killSignal: 'SIGKILL',
        graceMs: 5_000,
        logFile: newLogFile('embed'),
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          DATABASE_URL: database.url,
          REDIS_URL: redis.url,
          REPORTS_SECRET: 'a secret of the tests, long enough',
          PORT: String(port),
        },
      });
      http = new HttpClient(`http://127.0.0.1:${port}`);
      await server.waitUntil(() => serves(http), { deadlineMs: 60_000 });

      const json = { email: 'ada@example.com', password: 'a long enough password' };
      expect((await http.post('/sign-up', { json })).status).toBe(201);
      const signedIn = await http.post<{ token: string }>('/sign-in', { json });
      const { token } = signedIn.body;
      expect([signedIn.status, (await http.get('/reports')).status]).toEqual([200, 401]);
      expect((await http.get('/reports', { token })).status).toBe(200);
      expect((await http.post('/sign-out', { token })).status).toBe(204);
      const refused = await http.get('/reports', { token });
      expect([refused.status, refused.body.code]).toEqual([401, 'token_revoked']);
    },
    DEADLINE_MS,
  );

  it('start as the application of the README, on tables that are there', async () => {
    const output = await runProgram(folder, [program('readme-main.js')], {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      SECRET: 'a secret of the tests, long enough',
    });
    expect(output).toBe('401\n');
  });
});

/** The first program of the README. */
function applicationOfReadme(): string {
  const readme = readFileSync(join(ROOT, 'packages/modules/README.md'), 'utf8');
  return /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
}

async function serves(http: HttpClient): Promise<boolean> {
  return http.get('/reports/count').then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** Names of the packages that the libraries import, also by `import()`. */
function importedPackages(): string[] {
  const specifiers = sourcesIn('libs')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .flatMap((source) => [...source.matchAll(/(?:\bfrom|\bimport\(|^import) ?'([^.#'][^']*)'/gm)])
    .map(([, specifier = '']) => specifier)
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(specifiers)];
}

/** A TypeScript project of the example, whose options are stricter than its own. @returns its file */
function writeProject(folder: string, line: NodeLine): string {
  const file = join(folder, `tsconfig.${line}.json`);
  const compilerOptions = {
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    // Declarations of the modules are checked too.
    skipLibCheck: false,
    outDir: `out-${line}`,
    typeRoots: [typeRoot(folder, line)],
  };
  writeFileSync(file, JSON.stringify({ extends: './tsconfig.json', compilerOptions }));
  return file;
}
