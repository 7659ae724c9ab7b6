import { execFile } from 'node:child_process';
import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../tools/local/paths.mjs';
import { startTestApp, type TestApp } from '../support/app';
import { someOf } from '../support/long-tests';
import { newFolder } from '../support/stores';

const TIMEOUT_MS = 60_000;

/** Codes of one status of one call. A switch must not list the error of another call. */
const NARROWING = `
import type { operations } from './schema.js';
import type { GetProfileErrors, LoginErrors, RegisterErrors } from './hey-api/index.js';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type CodeOf<Call extends keyof operations, Status> = Status extends keyof operations[Call]['responses']
  ? operations[Call]['responses'][Status] extends { content: { 'application/problem+json': { code: infer Code } } }
    ? Code
    : never
  : never;
type OfToken = 'token_missing' | 'token_invalid' | 'token_expired' | 'token_revoked';

export const exact: [
  Same<CodeOf<'getProfile', 401>, OfToken>,
  Same<CodeOf<'login', 401>, 'invalid_credentials'>,
  Same<CodeOf<'register', 409>, 'email_taken'>,
  Same<CodeOf<'register', 401>, never>,
  Same<GetProfileErrors[401]['code'], OfToken>,
  Same<LoginErrors[401]['code'], 'invalid_credentials'>,
  Same<RegisterErrors[409]['status'], 409>,
  Same<401 & keyof RegisterErrors, never>,
] = [true, true, true, true, true, true, true, true];

/** Only a validation problem has fields. */
export function fieldsOf(problem: RegisterErrors[keyof RegisterErrors]): string[] {
  return problem.code === 'validation_failed' ? problem.errors.map(({ field }) => field) : [];
}
`;

describe('the OpenAPI document, for other tools', () => {
  let app: TestApp;
  /** The folder of the document, and of the files generated from it. */
  let folder: string;

  beforeAll(async () => {
    // The largest document.
    app = await startTestApp({ env: { COOKIES: 'on' } });
    folder = newFolder('open-api-');
    const document = await fetch(`${app.http.origin}/docs/openapi.json`);
    writeFileSync(join(folder, 'openapi.json'), await document.text());
    cpSync(join(ROOT, 'examples/clients'), folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'narrowing.ts'), NARROWING);
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });

  afterAll(() => app.close());

  /** Runs a script of a package, or of the folder, and returns its output. */
  async function run(script: string, ...args: string[]): Promise<string> {
    const env = {
      ...process.env,
      REDOCLY_TELEMETRY: 'off',
      REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
    };
    const options = { cwd: folder, env, timeout: TIMEOUT_MS };
    try {
      return (await promisify(execFile)(process.execPath, [script, ...args], options)).stdout;
    } catch (error) {
      // Compilers and linters print their findings to standard output, which the error does not show.
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${script} failed: ${stdout}${stderr}`, { cause: error });
    }
  }

  async function expectNothingOfRedocly(): Promise<void> {
    const report = await run(
      'node_modules/@redocly/cli/bin/cli.js',
      ...['lint', 'openapi.json', '--extends=recommended', '--format=json'],
    );
    expect(JSON.parse(report)).toMatchObject({ totals: { errors: 0, warnings: 0 }, problems: [] });
  }

  async function expectNothingOfSpectral(): Promise<void> {
    expect(await run(join(ROOT, 'test/support/spectral.mjs'), 'openapi.json')).toBe('');
  }

  const LINTERS = [
    ['Redocly', expectNothingOfRedocly],
    ['Spectral', expectNothingOfSpectral],
  ] as const;

  it.each(someOf(LINTERS, 1))(
    'has no finding of the recommended rules of %s',
    (_linter, expectNothing) => expectNothing(),
  );

  it(
    'gives clients that compile under strict, narrow errors by code, and work',
    async () => {
      await Promise.all([
        run(
          'node_modules/openapi-typescript/bin/cli.js',
          'openapi.json',
          '--output',
          'schema.d.ts',
        ),
        run(
          'node_modules/@hey-api/openapi-ts/bin/run.js',
          ...['--input', 'openapi.json', '--output', 'hey-api'],
          ...['--client', '@hey-api/client-fetch', '--no-log-file'],
        ),
      ]);
      await run('node_modules/typescript/bin/tsc');
      const tour = [
        expect.stringMatching(/^registered .+@example\.com$/) as string,
        'profile of a user: MISS',
        'profile of a user: HIT',
        'signed out: 204',
        'refused: 401 token_revoked',
      ];
      for (const client of ['openapi-fetch', 'hey-api']) {
        const printed = await run(`build/${client}.js`, app.http.origin);
        expect([client, ...printed.trim().split('\n')]).toEqual([client, ...tour]);
      }
    },
    2 * TIMEOUT_MS,
  );
});
