import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOutput } from '../../tools/local/output.mjs';
import { findNode, NODE_VERSIONS } from '../../tools/local/node-program.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { SMOKE_TESTS } from '../../tools/local/smoke-test.mjs';
import { readTestOptions } from '../../tools/local/test-options.mjs';

describe('npm test', () => {
  it('runs everything on the Node that runs it, and on no other', () => {
    expect(readTestOptions([])).toEqual({ onThisNode: true, lines: [], jestArgs: [] });
  });

  it('hands files and options to Jest', () => {
    const args = ['test/e2e/log.spec.ts', '--maxWorkers=1'];
    expect(readTestOptions(args)).toEqual({ onThisNode: true, lines: [], jestArgs: args });
  });

  it.each([
    ['20.20.2', [22, 24]],
    ['22.12.0', [20, 24]],
    ['24.0.0', [20, 22]],
    ['26.1.0', [20, 22, 24]],
  ])('--every-node on Node %s adds the other lines %j', (version, lines) => {
    const options = { onThisNode: true, lines, jestArgs: [] };
    expect(readTestOptions(['--every-node'], version)).toEqual(options);
  });

  it('--node runs on that line alone, with the named files', () => {
    expect(readTestOptions(['--node', '24', 'test/e2e/log.spec.ts'])).toEqual({
      onThisNode: false,
      lines: [24],
      jestArgs: ['test/e2e/log.spec.ts'],
    });
  });

  it.each([[['--node']], [['--node', '18']]])('refuses %j and names the lines', (args) => {
    expect(() => readTestOptions(args)).toThrow('--node takes one of 20, 22, 24.');
  });

  it.each(SMOKE_TESTS)('finds %s, which it runs on every line', (file) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
  });
});

describe('the Node of another line', () => {
  let cache: string;

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'latchkey-cache-'));
  });

  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  it('that cannot be downloaded is a failure of one sentence, and leaves no file behind', async () => {
    const env = {
      ...process.env,
      XDG_CACHE_HOME: cache,
      npm_config_cache: join(cache, 'npm'),
      npm_config_fetch_retries: '0',
      npm_config_registry: 'http://127.0.0.1:9/',
    };
    const output = createOutput(process.stderr);
    await expect(findNode(24, { output, signal: undefined, env })).rejects.toMatchObject({
      name: 'Failure',
      message: `Node ${NODE_VERSIONS[24]} could not be downloaded from npm.`,
      details: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(readdirSync(join(cache, 'latchkey'))).toEqual([]);
  });
});
