// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from './failure.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';

const DEADLINE_MS = 15 * 60_000;
const STAMP = join(ROOT, 'node_modules', '.latchkey-lock-hash');

/** @typedef {{ output: import('./output.mjs').Output, signal?: AbortSignal | undefined,
 *   onSpawn?: import('./run.mjs').RunOptions['onSpawn'] }} StepContext */

/**
 * Installs what package-lock.json says unless exactly that was installed to the end before.
 * @param {StepContext} context
 */
export async function ensureDependencies({ output, signal, onSpawn }) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (readStamp() === wanted) {
    output.say('packages are up to date');
    return;
  }
  rmSync(STAMP, { force: true });
  const printed = await output.step('installing packages (npm ci)', async () => {
    const install = ['ci', '--no-audit', '--no-fund', '--include=dev'];
    const result = await npm(install, { signal, onSpawn });
    if (!result.ok) {
      throw new Failure('npm ci failed.', result.output);
    }
    return result.output;
  });
  const warnings = printed.split('\n').filter((line) => line.startsWith('npm warn'));
  for (const warning of warnings) {
    output.say(warning);
  }
  writeFileSync(STAMP, wanted);
}

/**
 * @param {string[]} args
 * @param {Pick<import('./run.mjs').RunOptions, 'signal' | 'onSpawn'>} options
 */
export async function npm(args, options) {
  const { npm_execpath: npmOfParent } = process.env;
  const [command, ...first] =
    npmOfParent !== undefined && basename(npmOfParent) === 'npm-cli.js'
      ? [process.execPath, npmOfParent]
      : ['npm'];
  // The Postgres binaries must be readable for the user whom they run as, also when root's umask
  // keeps others out.
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

/** @returns {string | undefined} hash of the lock file that was installed last */
function readStamp() {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}
