import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

interface Planted {
  filePath: string;
  code: string;
}

interface Finding {
  rule: string | null;
  message: string;
}

/** ESLint loads its configuration as an ES module, which a test process cannot do: hence a process. */
const LINTER = `
  import { ESLint } from 'eslint';
  import { text } from 'node:stream/consumers';
  const eslint = new ESLint({ cwd: process.cwd() });
  const found = [];
  for (const { filePath, code } of JSON.parse(await text(process.stdin))) {
    const [result] = await eslint.lintText(code, { filePath });
    found.push(result.messages.map(({ ruleId, message }) => ({ rule: ruleId, message })));
  }
  console.log(JSON.stringify(found));
`;

function lint(planted: Planted[]): Finding[][] {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', LINTER],
    {
      cwd: ROOT,
      // With CI set, typescript-eslint types the files on disk instead of the planted text.
      env: { ...process.env, CI: '' },
      input: JSON.stringify(planted),
      encoding: 'utf8',
      timeout: 120_000,
    },
  );
  if (status !== 0) {
    throw new Error(`ESLint failed: ${stderr}`);
  }
  return JSON.parse(stdout) as Finding[][];
}

/** The planted text, the file that it replaces, and the expected message. */
const VIOLATIONS: [title: string, filePath: string, code: string, message: string][] = [
  [
    'a lower library that imports a higher one',
    'libs/common/clock.ts',
    "export { SessionVerifier } from '#libs/session';",
    'libs/common may import only from lower layers',
  ],
  [
    'sessions that import sign-in',
    'libs/session/session.ts',
    "export { LoginService } from '#libs/auth';",
    'libs/session may import only from lower layers',
  ],
  [
    'two libraries of one layer that import each other',
    'libs/session/session.ts',
    "export { VersionedCache } from '#libs/cache';",
    'libs/session may import only from lower layers',
  ],
  [
    'a library that imports itself through its own door',
    'libs/session/session.ts',
    "export { SessionModule } from '#libs/session';",
    'libs/session may import only from lower layers',
  ],
  [
    'a type of a higher library',
    'libs/redis/redis.module.ts',
    "import type { Session } from '#libs/session';\nexport type Alias = Session;",
    'libs/redis may import only from lower layers',
  ],
  [
    'an import past the door of a library',
    'libs/auth/sign-in/login.service.ts',
    "export { toSession } from '#libs/session/store/session-row';",
    'Import a library through its door',
  ],
  [
    'an import past the door by a relative path',
    'apps/api/app.module.ts',
    "export { toSession } from '../../libs/session/store/session-row';",
    'Import a library through its door',
  ],
  [
    'an import past the door inside the libraries',
    'libs/auth/sign-in/login.service.ts',
    "export { toSession } from '../session/store/session-row';",
    'Import a library through its door',
  ],
  [
    'a library that imports an application',
    'libs/auth/sign-in/login.service.ts',
    "export { PageQueryDto } from '../../apps/api/http/page-query.dto';",
    'Arrows point from apps to libs',
  ],
  [
    'the command line that imports from the API',
    'apps/cli/actions/sessions.ts',
    "export { PageQueryDto } from '../../api/http/page-query.dto';",
    'What both processes need is in libs',
  ],
  [
    'Redis used outside its library',
    'libs/session/session.ts',
    "export { Redis } from 'ioredis';",
    'Only libs/redis imports ioredis',
  ],
  [
    'Redis used by an application',
    'apps/api/app.module.ts',
    "export { RedisService } from '@liaoliaots/nestjs-redis';",
    'Only libs/redis imports @liaoliaots/nestjs-redis',
  ],
  [
    'metrics declared outside their library',
    'apps/api/app.module.ts',
    "export { Counter } from 'prom-client';",
    'Only libs/metrics imports prom-client',
  ],
  [
    'traces made outside their library',
    'libs/redis/redis-client.ts',
    "export { trace } from '@opentelemetry/api';",
    'Only libs/tracing imports @opentelemetry/api',
  ],
  [
    'passwords hashed outside their library',
    'apps/api/app.module.ts',
    "export { hash } from 'argon2';",
    'Only libs/auth imports argon2',
  ],
  [
    'tokens signed outside their library',
    'libs/http/session.guard.ts',
    "export { JwtService } from '@nestjs/jwt';",
    'Only libs/auth imports @nestjs/jwt',
  ],
  [
    'the environment read by an application',
    'apps/api/app.module.ts',
    'export const home = process.env.HOME;',
    'Only libs/config reads the environment',
  ],
  [
    'the environment taken apart',
    'apps/cli/main.ts',
    'export const { env } = process;',
    'Only libs/config reads the environment',
  ],
  [
    'HTTP inside a library',
    'libs/auth/sign-in/login.service.ts',
    "import type { FastifyRequest } from 'fastify';\nexport type Alias = FastifyRequest;",
    'Libraries know nothing of HTTP',
  ],
  [
    'Swagger inside a library',
    'libs/user/user.store.ts',
    "export { ApiProperty } from '@nestjs/swagger';",
    'Libraries know nothing of HTTP',
  ],
  [
    'a promise that is not awaited',
    'libs/auth/sign-in/login.service.ts',
    'export function start(work: () => Promise<void>): void {\n  work();\n}',
    'Promises must be awaited',
  ],
  [
    'a promise taken for a condition',
    'apps/api/app.module.ts',
    'export function is(work: () => Promise<boolean>): number {\n  return work() ? 1 : 2;\n}',
    'Expected non-Promise value',
  ],
  [
    'a line printed without the log',
    'apps/api/app.module.ts',
    "console.log('here');",
    'Unexpected console statement',
  ],
  [
    'an error logged with all its data',
    'apps/api/app.module.ts',
    "import { Logger } from '@nestjs/common';\nnew Logger('App').error({ err: new TypeError('x') }, 'failed');",
    'An error carries data',
  ],
  [
    'the message of an error in a line of the log',
    'apps/api/app.module.ts',
    "import { Logger } from '@nestjs/common';\nexport const tell = (error: Error) => Logger.warn(`failed: ${error.message}`);",
    'The message of an error may quote data',
  ],
  [
    'the text of an error',
    'libs/session/session.ts',
    'export const text = (error: unknown) => String(error);',
    'The text of an error may quote data',
  ],
  [
    'the stack of an error',
    'libs/session/session.ts',
    'export const text = (error: Error) => error.stack;',
    'A stack begins with the message',
  ],
  [
    'an error whose text the log withholds',
    'libs/session/session.ts',
    "export const failure = () => new Error('no answer in time');",
    'throw an InternalError',
  ],
  [
    'a deprecated member of a Node object in a program',
    'apps/api/app.module.ts',
    "import type { Dirent } from 'node:fs';\nexport const folder = (entry: Dirent) => entry.path;",
    '`path` is deprecated',
  ],
  [
    'a deprecated member of a Node object in a tool',
    'tools/local/source-build.mjs',
    "import { opendirSync } from 'node:fs';\nexport const folder = opendirSync('.').readSync()?.path;",
    '`path` is deprecated',
  ],
  [
    'a deprecated function of Node in the bench',
    'bench/options.mjs',
    "import { parse } from 'node:url';\nexport const address = parse('http://localhost');",
    "'url.parse' was deprecated",
  ],
  [
    'a deprecated constructor of Node in a test',
    'test/e2e/main-job.spec.ts',
    'export const bytes = new Buffer(8);',
    "'new Buffer()' was deprecated",
  ],
  [
    'a module of Node that the oldest supported version lacks',
    'tools/local/source-build.mjs',
    "export { DatabaseSync } from 'node:sqlite';",
    "The 'sqlite' is still an experimental feature",
  ],
  [
    'a function of the language that the oldest supported version lacks',
    'libs/session/session.ts',
    "export const groups = Object.groupBy(['a'], (text) => text);",
    "The 'Object.groupBy' is still an experimental feature",
  ],
];

const LEGAL: [title: string, filePath: string, code: string][] = [
  [
    'an application that imports a library through its door',
    'apps/api/app.module.ts',
    "export { SessionVerifier } from '#libs/session';",
  ],
  [
    'a library that imports a lower one through its door',
    'libs/auth/sign-in/login.service.ts',
    "export { SessionVerifier } from '#libs/session';",
  ],
  [
    'a file of the same library',
    'libs/session/session-list.ts',
    "export { toSession } from './store/session-row';",
  ],
  [
    'an error that is serialized for the log',
    'libs/session/session.ts',
    "import { Logger } from '@nestjs/common';\nimport { serializeError } from '#libs/log';\nexport const tell = (error: unknown) => Logger.error({ err: serializeError(error) }, 'failed');",
  ],
  ['Redis inside its library', 'libs/redis/redis.module.ts', "export { Redis } from 'ioredis';"],
  [
    'the environment inside the configuration',
    'libs/config/settings.module.ts',
    'export const home = process.env.HOME;',
  ],
  [
    'HTTP inside an application',
    'apps/api/app.module.ts',
    "import type { FastifyRequest } from 'fastify';\nexport type Alias = FastifyRequest;",
  ],
  [
    'a test that imports past a door',
    'test/e2e/main-job.spec.ts',
    "export { toSession } from '../../libs/session/store/session-row';",
  ],
  [
    'the folder of a directory entry by the name that every Node has',
    'tools/local/source-build.mjs',
    "import { opendirSync } from 'node:fs';\nexport const folder = opendirSync('.').readSync()?.parentPath;",
  ],
];

describe('the linter', () => {
  let found: Finding[][];

  beforeAll(() => {
    const planted = [...VIOLATIONS, ...LEGAL].map(([, filePath, code]) => ({
      filePath: join(ROOT, filePath),
      code: `${code}\n`,
    }));
    found = lint(planted);
  }, 150_000);

  it.each(VIOLATIONS.map(([title, , , message], index) => ({ title, message, index })))(
    'reports $title',
    ({ message, index }) => {
      const messages = found[index]!.map((finding) => finding.message);
      expect(messages).toContainEqual(expect.stringContaining(message));
    },
  );

  it.each(LEGAL.map(([title], index) => ({ title, index: VIOLATIONS.length + index })))(
    'accepts $title',
    ({ index }) => {
      expect(found[index]).toEqual([]);
    },
  );
});
