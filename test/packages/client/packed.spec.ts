import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestApp, type TestApp } from '../../support/app';
import { newFolder } from '../../support/stores';
import {
  compile,
  DEADLINE_MS,
  installPacked,
  NODE_LINES,
  packedFiles,
  runProgram,
  typeRoot,
} from '../packed-package';

/** A program of a user, without a global that only one platform has. */
const PROGRAM = `
import { ApiError, createClient, type SignedOutReason, type components } from '@latchkey/client';

export async function tour(baseUrl: string): Promise<string[]> {
  const ends: SignedOutReason[] = [];
  const latchkey = createClient({ baseUrl, onSignedOut: (reason) => ends.push(reason) });
  const email = \`packed-\${Math.random()}@example.com\`;
  const { user } = await latchkey.register({ email, password: 'correct horse battery staple' });
  const profile: components['schemas']['Profile'] = await latchkey.updateProfile({ displayName: 'Ada' });
  const avatar = await latchkey.call('removeAvatar').then(({ data }) => String(data));
  await latchkey.logout();
  try {
    await latchkey.profile();
  } catch (error) {
    if (error instanceof ApiError && error.code === 'token_missing') {
      return [String(profile.id === user.id), String(profile.displayName), avatar, ...ends];
    }
    throw error;
  }
  return [];
}

export function mistakes(): unknown[] {
  const latchkey = createClient({ baseUrl: '' });
  return [
    // @ts-expect-error: no such operation.
    () => latchkey.call('getNothing'),
    // @ts-expect-error: the client refreshes by itself.
    () => latchkey.call('refresh', { body: { refreshToken: 'x' } }),
    // @ts-expect-error: the path needs an id.
    () => latchkey.call('listUserSessions', { query: { limit: 1 } }),
    // @ts-expect-error: the password is missing.
    () => latchkey.login({ email: 'x' }),
    // @ts-expect-error: no such member.
    async () => (await latchkey.profile()).password,
    // @ts-expect-error: no such code.
    (error: ApiError) => error.code === 'token_stolen',
  ];
}
`;

const MAIN = `
import { tour } from './program.js';
void tour(process.argv[2]!).then((lines) => console.log(lines.join(' ')));
`;

describe('the packed client, installed elsewhere', () => {
  let app: TestApp;
  let folder: string;

  beforeAll(async () => {
    app = await startTestApp();
    folder = newFolder('client-');
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    await installPacked('client', folder);
  }, DEADLINE_MS);

  afterAll(() => app.close());

  /** A folder with the program, and the compiler's options. */
  function project(name: string, type: 'module' | 'commonjs', options: object): string {
    const place = join(folder, name);
    mkdirSync(place);
    writeFileSync(join(place, 'package.json'), JSON.stringify({ type }));
    writeFileSync(join(place, 'program.ts'), PROGRAM);
    const strict = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
    };
    const compilerOptions = {
      target: 'es2022',
      outDir: 'build',
      rootDir: '.',
      ...strict,
      ...options,
    };
    writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    return place;
  }

  it('has the two builds, the README and nothing else', async () => {
    const files = await packedFiles('client');
    const tops = new Set(files.map((path) => path.split('/').slice(0, 2).join('/')));
    expect([...tops].sort()).toEqual(['README.md', 'dist/cjs', 'dist/esm', 'package.json']);
  });

  describe.each(NODE_LINES)('with the types of Node %s', (line) => {
    it.each([
      ['an ES module', 'module', 'nodenext'],
      ['CommonJS', 'commonjs', 'node16'],
    ] as const)('compiles under strict as %s, and works', async (format, type, module) => {
      const name = `${line} ${format}`;
      const place = project(name, type, {
        module,
        types: ['node'],
        typeRoots: [typeRoot(join(folder, `types of ${name}`), line)],
        lib: ['es2022'],
      });
      writeFileSync(join(place, 'main.ts'), MAIN);
      await compile(place);
      const main = join(place, 'build/main.js');
      const output = await runProgram(place, [main, app.http.origin]);
      expect(output.trim()).toBe('true Ada undefined logout');
    });
  });

  it('compiles for a browser, without the types of Node', async () => {
    const options = {
      module: 'esnext',
      moduleResolution: 'bundler',
      types: [],
      lib: ['es2022', 'dom'],
    };
    await compile(project('browser', 'module', options));
  });
});
