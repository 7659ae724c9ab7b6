// @ts-check
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from './failure.mjs';
import { readIfExists } from './files.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';

const DEADLINE_MS = 5 * 60_000;
const SOURCE_FOLDERS = ['apps', 'libs'];
const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.source-hash');
const COMPILER = join('node_modules', 'typescript', 'bin', 'tsc');

/**
 * Compiles the sources into `dist`, unless exactly these were compiled completely before.
 * @param {import('./preparation.mjs').StepContext} context
 */
export async function build({ output, signal }) {
  const sources = listSources();
  const wanted = hash(sources);
  if (readIfExists(STAMP) === wanted) {
    output.say('the build is up to date');
    return;
  }
  if (!existsSync(join(ROOT, COMPILER))) {
    throw new Failure('TypeScript is not installed: run npm ci first.');
  }
  rmSync(DIST, { recursive: true, force: true });
  const compile = [COMPILER, '-p', 'tsconfig.build.json'];
  await output.step('building (tsc)', async () => {
    const options = { cwd: ROOT, deadlineMs: DEADLINE_MS, signal };
    const result = await run(process.execPath, compile, options);
    if (!result.ok) {
      throw new Failure('The build failed.', result.output);
    }
  });
  copyScripts(sources, DIST);
  chmodSync(join(DIST, 'apps', 'cli', 'main.js'), 0o755);
  writeFileSync(STAMP, wanted);
}

/** @returns {string[]} paths of all files that the build depends on */
function listSources() {
  const settings = readdirSync(ROOT).filter(
    (name) => /^tsconfig.*\.json$/.test(name) || /^package(-lock)?\.json$/.test(name),
  );
  return [...settings, ...SOURCE_FOLDERS.flatMap(sourcesIn)].sort();
}

/**
 * @param {string} folder
 * @returns {string[]} paths, relative to the checkout, of its files that are no tests
 */
export function sourcesIn(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
}

/**
 * Copies the scripts of Redis among the sources: the compiler leaves them out.
 * @param {string[]} sources paths, relative to the checkout
 * @param {string} target
 */
export function copyScripts(sources, target) {
  for (const script of sources.filter((path) => path.endsWith('.lua'))) {
    mkdirSync(dirname(join(target, script)), { recursive: true });
    copyFileSync(join(ROOT, script), join(target, script));
  }
}

/** @param {string[]} paths relative to the checkout */
export function hash(paths) {
  const digest = createHash('sha256');
  for (const path of paths) {
    digest
      .update(`${path}\0`)
      .update(readFileSync(join(ROOT, path)))
      .update('\0');
  }
  return digest.digest('hex');
}
