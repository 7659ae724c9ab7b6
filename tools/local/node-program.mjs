// @ts-check
import { join } from 'node:path';
import { cachedPackage } from './package-cache.mjs';

/**
 * One exact version of each supported release line, so that all machines test the same ones. Raise them together with
 * the container image.
 */
export const NODE_VERSIONS = { 20: '20.20.2', 22: '22.23.5', 24: '24.22.3' };

/**
 * Finds the Node binary of another release line. Downloads it once from npm.
 * @param {keyof typeof NODE_VERSIONS} line
 * @param {import('./preparation.mjs').StepContext & { env?: NodeJS.ProcessEnv }} context
 * @returns {Promise<{ path: string, version: string }>} an absolute path; the file name is `node`
 * @throws {Failure} when npm has no binary for this platform, or cannot be reached
 */
export async function findNode(line, context) {
  const version = NODE_VERSIONS[line];
  const packageName = `node-${process.platform}-${process.arch}`;
  const file = join('node_modules', packageName, 'bin', 'node');
  const folder = await cachedPackage(
    { title: `Node ${version}`, packageName, version, file },
    context,
  );
  return { path: join(folder, file), version };
}
