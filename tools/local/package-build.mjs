// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { readIfExists } from './files.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';

const DEADLINE_MS = 5 * 60_000;
const PACKAGES = join(ROOT, 'packages');
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** The folder of `dist` that a module format has, the flags of its compiler and the type of its files. */
const FORMATS = [
  { folder: 'esm', flags: ['--module', 'esnext', '--moduleResolution', 'bundler'], type: 'module' },
  { folder: 'cjs', flags: [], type: 'commonjs' },
];

/**
 * Compiles each package of `packages` that has sources of its own as an ES module and as CommonJS, unless exactly these
 * were compiled before.
 * @param {import('./preparation.mjs').StepContext} context
 */
export async function buildPackages({ output, signal }) {
  // The context of the container image has none.
  for (const name of existsSync(PACKAGES) ? readdirSync(PACKAGES) : []) {
    const folder = join(PACKAGES, name);
    if (existsSync(join(folder, 'src'))) {
      await buildPackage(name, folder, { output, signal });
    }
  }
}

/**
 * @param {string} name
 * @param {string} folder
 * @param {import('./preparation.mjs').StepContext} context
 */
async function buildPackage(name, folder, { output, signal }) {
  const stamp = join(folder, 'dist', '.source-hash');
  const wanted = hashOf(folder);
  if (readIfExists(stamp) === wanted) {
    return;
  }
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  await output.step(`building packages/${name} (tsc)`, async () => {
    const builds = FORMATS.map(async ({ folder: format, flags, type }) => {
      const outDir = join('dist', format);
      const options = { cwd: folder, deadlineMs: DEADLINE_MS, signal };
      const compile = [COMPILER, '-p', 'tsconfig.json', '--outDir', outDir, ...flags];
      const result = await run(process.execPath, compile, options);
      if (!result.ok) {
        throw new Failure(`The build of packages/${name} failed.`, result.output);
      }
      writeFileSync(join(folder, outDir, 'package.json'), `${JSON.stringify({ type })}\n`);
    });
    await Promise.all(builds);
  });
  writeFileSync(stamp, wanted);
}

/** @param {string} folder */
function hashOf(folder) {
  const sources = readdirSync(join(folder, 'src'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const settings = [
    join(folder, 'package.json'),
    join(folder, 'tsconfig.json'),
    join(PACKAGES, 'tsconfig.package.json'),
    join(ROOT, 'package-lock.json'),
  ];
  const digest = createHash('sha256');
  for (const path of [...settings, ...sources]) {
    digest
      .update(`${path.slice(ROOT.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  }
  return digest.digest('hex');
}
