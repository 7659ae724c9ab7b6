// @ts-check
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { npm } from './dependencies.mjs';
import { Failure } from './failure.mjs';

/**
 * One exact version of each supported release line, so that all machines test the same ones. Raise them together with
 * the container image.
 */
export const NODE_VERSIONS = { 20: '20.20.2', 22: '22.23.5', 24: '24.22.3' };

/**
 * Finds the Node binary of another release line. Downloads it once from npm, into the user's cache folder, outside of
 * every checkout.
 * @param {keyof typeof NODE_VERSIONS} line
 * @param {import('./preparation.mjs').StepContext & { env?: NodeJS.ProcessEnv }} context
 * @returns {Promise<{ path: string, version: string }>} an absolute path; the file name is `node`
 * @throws {Failure} when npm has no binary for this platform, or cannot be reached
 */
export async function findNode(line, { output, signal, env = process.env }) {
  const version = NODE_VERSIONS[line];
  const name = `node-${process.platform}-${process.arch}`;
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'latchkey');
  const folder = join(cache, `${name}-${version}`);
  const path = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(path)) {
    return { path, version };
  }
  mkdirSync(cache, { recursive: true });
  // Renamed once complete: two processes may download at the same time.
  const partial = mkdtempSync(join(cache, '.download-'));
  try {
    await output.step(`downloading Node ${version}`, async () => {
      const install = ['--prefix', partial, 'install', '--no-save', '--ignore-scripts'];
      const quiet = ['--no-audit', '--no-fund', '--no-package-lock'];
      const packages = [`${name}@${version}`];
      const result = await npm([...install, ...quiet, ...packages], { signal, env });
      if (!result.ok) {
        throw new Failure(`Node ${version} could not be downloaded from npm.`, result.output);
      }
    });
    if (!existsSync(path)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(partial, folder);
    }
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return { path, version };
}
