import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../tools/local/paths.mjs';
import { buildOnce } from '../support/build';

/** Loads a file of the build and prints the addresses of all scripts that this compiles. */
const LIST_SCRIPTS = `
  const session = new (require('node:inspector').Session)();
  const addresses = [];
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => addresses.push(params.url));
  session.post('Debugger.enable');
  require(process.argv[1]);
  process.stdout.write(addresses.join('\\n'));
`;

/** @returns names of the packages that loading a file of the build loads, CommonJS and ESM alike. */
async function packagesOf(...file: string[]): Promise<Set<string>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-e', LIST_SCRIPTS, join(ROOT, 'dist', ...file)],
    { maxBuffer: 10_000_000 },
  );
  const names = stdout.matchAll(/.*node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//g);
  return new Set(Array.from(names, ([, name = '']) => name));
}

beforeAll(buildOnce, 120_000);

describe('the packages loaded at the start', () => {
  it('are small, or used by every installation, in the API', async () => {
    const packages = await packagesOf('apps', 'api', 'app.setup.js');
    expect(packages).toContain('@nestjs/core');
    expect(packages).toContain('typeorm');
    for (const rare of [
      '@aws-sdk/client-s3',
      '@opentelemetry/sdk-trace-node',
      'hibp',
      'pino-pretty',
      'sharp',
    ]) {
      expect(packages).not.toContain(rare);
    }
  });

  it('are none for help and wrong usage of the command line', async () => {
    expect(await packagesOf('apps', 'cli', 'program.js')).toEqual(new Set(['commander']));
  });
});
