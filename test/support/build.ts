import { mkdirSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createOutput } from '../../tools/local/output.mjs';
import { build } from '../../tools/local/source-build.mjs';
import { sharedStores } from './shared-stores';
import { until } from './until';

/** Compiles the checkout once. Of concurrent suites one compiles, and the others wait. */
export async function buildOnce(): Promise<void> {
  const { folder } = sharedStores();
  const done = join(folder, 'built');
  try {
    mkdirSync(join(folder, 'building'));
  } catch {
    await until('another worker has built the project', () => existsSync(done));
    return;
  }
  try {
    await build({ output: createOutput(process.stderr), signal: new AbortController().signal });
  } finally {
    writeFileSync(done, '');
  }
}
