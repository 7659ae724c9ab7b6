// @ts-check
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { readIfExists } from './files.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';
import { copyScripts, hash, sourcesIn } from './source-build.mjs';

const DEADLINE_MS = 5 * 60_000;
const FOLDER = join('packages', 'modules');
const SETTINGS = [
  join(FOLDER, 'package.json'),
  join(FOLDER, 'tsconfig.json'),
  'tsconfig.build.json',
  'tsconfig.json',
  'package-lock.json',
];
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/**
 * Compiles the libraries with their declarations into `packages/modules/dist`, unless exactly these were compiled before.
 * No part of `buildPackages`: only a pack, the examples and their tests need it, and it takes as long as the build.
 * @param {import('./preparation.mjs').StepContext} context
 */
export async function buildModules({ output, signal }) {
  if (!existsSync(join(ROOT, FOLDER))) {
    return;
  }
  const sources = sourcesIn('libs').sort();
  const dist = join(ROOT, FOLDER, 'dist');
  const stamp = join(dist, '.source-hash');
  const wanted = hash([...SETTINGS, ...sources]);
  if (readIfExists(stamp) === wanted) {
    return;
  }
  rmSync(dist, { recursive: true, force: true });
  await output.step(`building ${FOLDER} (tsc)`, async () => {
    const options = { cwd: ROOT, deadlineMs: DEADLINE_MS, signal };
    const result = await run(process.execPath, [COMPILER, '-p', FOLDER], options);
    if (!result.ok) {
      throw new Failure(`The build of ${FOLDER} failed.`, result.output);
    }
  });
  copyScripts(sources, dist);
  writeFileSync(stamp, wanted);
}
