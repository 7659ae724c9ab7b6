import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../tools/local/paths.mjs';
import { buildOnce } from '../support/build';

/** Loads a file of the build and prints the addresses of all scripts that this has compiled. */
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

describe('what is loaded before it is needed', () => {
  it('is nothing of size that only some installations use, in the API', async () => {
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

  it('is no library at all for help and wrong usage of the command line', async () => {
    expect(await packagesOf('apps', 'cli', 'program.js')).toEqual(new Set(['commander']));
  });
});
