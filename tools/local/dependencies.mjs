// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from './failure.mjs';
import { readIfExists } from './files.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';

const DEADLINE_MS = 15 * 60_000;
/** @typedef {import('./preparation.mjs').StepContext} StepContext */

/** @param {StepContext} context */
export async function ensureDependencies(context) {
  await installPackages(ROOT, 'installing packages (npm ci)', ['--include=dev'], context);
}

/**
 * Installs the packages of a folder's package-lock.json, unless exactly these were installed completely before.
 * Packages run no script: the flag overrides the user's settings in every version of npm.
 * @param {string} folder
 * @param {string} title of the step
 * @param {string[]} flags of npm ci
 * @param {StepContext} context
 * @returns {Promise<boolean>} whether there was anything to install
 */
export async function installPackages(folder, title, flags, { output, signal }) {
  const stamp = join(folder, 'node_modules', '.latchkey-lock-hash');
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (readIfExists(stamp) === wanted) {
    return false;
  }
  rmSync(stamp, { force: true });
  const printed = await output.step(title, async () => {
    const quiet = ['--no-audit', '--no-fund'];
    const install = ['--prefix', folder, 'ci', '--ignore-scripts', ...quiet, ...flags];
    const result = await npm(install, { signal });
    if (!result.ok) {
      throw new Failure('npm ci failed.', result.output);
    }
    return result.output;
  });
  const warnings = printed.split('\n').filter((line) => line.startsWith('npm warn'));
  for (const warning of warnings) {
    output.say(warning);
  }
  writeFileSync(stamp, wanted);
  return true;
}

/**
 * @param {string[]} args
 * @param {Pick<import('./run.mjs').RunOptions, 'signal' | 'env' | 'priority'>} options
 */
export async function npm(args, options) {
  const { npm_execpath: npmOfParent } = process.env;
  const [command, ...first] =
    npmOfParent !== undefined && basename(npmOfParent) === 'npm-cli.js'
      ? [process.execPath, npmOfParent]
      : ['npm'];
  // The user that runs Postgres must be able to read the binaries, even if root's umask excludes other users.
  const umask = process.umask(0o022);
  try {
    return await run(command, [...first, ...args], {
      ...options,
      cwd: ROOT,
      deadlineMs: DEADLINE_MS,
    });
  } finally {
    process.umask(umask);
  }
}
