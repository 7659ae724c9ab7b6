import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeIssuer, type FakeIssuer } from '@latchkey/verifier/testing';
import { ROOT } from '../../../tools/local/paths.mjs';
import { newFolder } from '../../support/stores';
import {
  compile,
  DEADLINE_MS,
  installPacked,
  linkAt,
  NODE_LINES,
  runProgram,
  typeRoot,
  type NodeLine,
} from '../packed-package';
import { USES_CORE, USES_NEST } from './consumer';

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
    folder = newFolder('verifier-');
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
    `compiles strictly with each module system, by the types of Node ${NODE_LINES.join(', ')}`,
    async () => {
      const roots = new Map(NODE_LINES.map((line) => [line, typeRoot(folder, line)]));
      const projects = SERVICES.flatMap((service) =>
        Array.from(roots, ([line, root]) => writeProject(folder, service, line, root)),
      );
      await compile(...projects);
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
        ISSUER_URL: issuer.url,
        ISSUER_CLIENT: issuer.clientId,
        ISSUER_SECRET: issuer.clientSecret,
        TOKEN: token,
        ENDED_TOKEN: ended.token,
      };
      expect(await runProgram(folder, [programOf(folder, name)], env)).toBe(`${userId}\n`);
    },
    DEADLINE_MS,
  );

  it.each(['nest-esm', 'nest-cjs'])(
    'loads in a Nest application as %s',
    async (name) => {
      expect(await runProgram(folder, [programOf(folder, name)])).toBe('3\n');
    },
    DEADLINE_MS,
  );
});

/** Installs the package as its users do, with the Nest of this checkout. */
async function install(folder: string): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  await installPacked('verifier', folder);
  for (const name of ['@nestjs/common', '@nestjs/core']) {
    linkAt(join(folder, 'node_modules', name), join(ROOT, 'node_modules', name));
  }
}

/** @returns the folder of a TypeScript project */
function writeProject(
  folder: string,
  { name, type, options, program }: (typeof SERVICES)[number],
  line: NodeLine,
  types: string,
): string {
  const project = join(folder, `${name}-${line}`);
  mkdirSync(project);
  const usesNest = program === USES_NEST;
  const compilerOptions = {
    ...options,
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    typeRoots: [types],
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
  return join(folder, `${name}-${NODE_LINES[0]}`, 'out', 'main.js');
}
