// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../../tools/local/dependencies.mjs';
import { Failure } from '../../tools/local/failure.mjs';
import { ROOT } from '../../tools/local/paths.mjs';

export const BENCH = join(ROOT, 'bench');
const STAMP = join(BENCH, 'node_modules', '.latchkey-lock-hash');

/**
 * Installs what the bench's own lock file says unless exactly that was installed to the end before.
 * @param {import('../../tools/local/dependencies.mjs').StepContext} context
 */
export async function ensureBenchPackages({ output, signal, onSpawn }) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(BENCH, 'package-lock.json')))
    .digest('hex');
  if (readStamp() === wanted) {
    return;
  }
  rmSync(STAMP, { force: true });
  await output.step('installing the packages of the bench (npm ci)', async () => {
    const install = ['--prefix', BENCH, 'ci', '--no-audit', '--no-fund', '--ignore-scripts'];
    const result = await npm(install, { signal, onSpawn });
    if (!result.ok) {
      throw new Failure('npm ci failed in bench/.', result.output);
    }
  });
  writeFileSync(STAMP, wanted);
}

/** @param {string} name of a package of the bench @returns {string} its installed version */
export function versionOf(name) {
  const path = join(BENCH, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

/** @returns {string | undefined} hash of the lock file that was installed last */
function readStamp() {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}
