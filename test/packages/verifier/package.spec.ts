import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startFakeIssuer, type FakeIssuer } from '@latchkey/verifier/testing';
import { npm } from '../../../tools/local/dependencies.mjs';
import { ROOT } from '../../../tools/local/paths.mjs';
import { run } from '../../../tools/local/run.mjs';
import { USES_CORE, USES_NEST } from './consumer';

const PACKAGE = join(ROOT, 'packages', 'verifier');
const DEADLINE_MS = 5 * 60_000;
const TYPES_OF_NODE = [20, 22, 24];

/** Compilers of services: the type of their package.json, and the settings of their module system. */
const SERVICES = [
  { name: 'esm', type: 'module', options: { module: 'nodenext' }, program: USES_CORE },
  { name: 'cjs', type: 'commonjs', options: { module: 'node16' }, program: USES_CORE },
  {
    name: 'node10',
    type: 'commonjs',
    options: { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
    program: USES_CORE,
  },
  { name: 'nest-esm', type: 'module', options: { module: 'nodenext' }, program: USES_NEST },
  { name: 'nest-cjs', type: 'commonjs', options: { module: 'node20' }, program: USES_NEST },
] as const;

describe('the packed package', () => {
  let folder: string;
  let issuer: FakeIssuer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'verifier-'));
    await install(folder);
    issuer = await startFakeIssuer();
  }, DEADLINE_MS);
  afterAll(() => issuer.close());

  it('has no types of jose in its declarations', () => {
    const installed = join(folder, 'node_modules', '@latchkey', 'verifier', 'dist');
    const declarations = readdirSync(installed, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => readFileSync(join(installed, name), 'utf8'));
    expect(declarations.length).toBeGreaterThan(40);
    expect(declarations.filter((text) => text.includes('jose'))).toEqual([]);
  });

  it(
    `compiles strictly with each module system, by the types of Node ${TYPES_OF_NODE.join(', ')}`,
    async () => {
      const projects = SERVICES.flatMap((service) =>
        TYPES_OF_NODE.map((version) => writeProject(folder, service, version)),
      );
      const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
      const compile = [compiler, '-b', ...projects];
      const result = await run(process.execPath, compile, { cwd: folder, deadlineMs: DEADLINE_MS });
      expect(result).toEqual({ ok: true, output: '' });
    },
    DEADLINE_MS,
  );

  it.each(['esm', 'cjs', 'node10'])(
    'runs as %s, and lets the process end',
    async (name) => {
      const { token, userId } = await issuer.issueToken();
      const ended = await issuer.issueToken();
      issuer.endSession(ended.sessionId);
      const env = {
        ...process.env,
        ISSUER_URL: issuer.url,
        ISSUER_CLIENT: issuer.clientId,
        ISSUER_SECRET: issuer.clientSecret,
        TOKEN: token,
        ENDED_TOKEN: ended.token,
      };
      const result = await run(process.execPath, [programOf(folder, name)], {
        cwd: folder,
        env,
        deadlineMs: DEADLINE_MS,
      });
      expect(result).toEqual({ ok: true, output: `${userId}\n` });
    },
    DEADLINE_MS,
  );

  it.each(['nest-esm', 'nest-cjs'])(
    'loads in a Nest application as %s',
    async (name) => {
      const limits = { cwd: folder, deadlineMs: DEADLINE_MS };
      const result = await run(process.execPath, [programOf(folder, name)], limits);
      expect(result).toEqual({ ok: true, output: '3\n' });
    },
    DEADLINE_MS,
  );
});

/** Installs the package as its users do, with the types of several lines of Node, and the Nest of this checkout. */
async function install(folder: string): Promise<void> {
  await succeed(npm(['pack', PACKAGE, '--pack-destination', folder, '--silent'], {}));
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const types = TYPES_OF_NODE.map((version) => `types-node-${version}@npm:@types/node@${version}`);
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  const packages = [join(folder, tarball), ...types];
  await succeed(npm(['install', '--prefix', folder, ...quiet, ...packages], {}));
  for (const version of TYPES_OF_NODE) {
    const types = join(folder, 'node_modules', `types-node-${version}`);
    linkAt(join(folder, `types-${version}`, 'node'), types);
  }
  for (const name of ['@nestjs/common', '@nestjs/core']) {
    linkAt(join(folder, 'node_modules', name), join(ROOT, 'node_modules', name));
  }
}

function linkAt(link: string, target: string): void {
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(target, link);
}

async function succeed(command: ReturnType<typeof npm>): Promise<void> {
  const { ok, output } = await command;
  if (!ok) {
    throw new Error(output);
  }
}

/** @returns the folder of a TypeScript project */
function writeProject(
  folder: string,
  { name, type, options, program }: (typeof SERVICES)[number],
  version: number,
): string {
  const project = join(folder, `${name}-${version}`);
  mkdirSync(project);
  const usesNest = program === USES_NEST;
  const compilerOptions = {
    ...options,
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    typeRoots: [join(folder, `types-${version}`)],
    strict: true,
    exactOptionalPropertyTypes: true,
    // The declarations of the verifier itself are checked too, but for those of Nest.
    skipLibCheck: usesNest,
    outDir: 'out',
    rootDir: '.',
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type }));
  writeFileSync(join(project, 'main.ts'), program);
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['main.ts'] }),
  );
  return project;
}

function programOf(folder: string, name: string): string {
  return join(folder, `${name}-${TYPES_OF_NODE[0]}`, 'out', 'main.js');
}
