// @ts-check
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../../../tools/local/paths.mjs';

const DIST = join(ROOT, 'dist');
const LOADER = join(ROOT, 'test', 'support', 'quick-start', 'load.cjs');
/** Packages that find files beside their own, by their paths, or start threads. */
const KEPT_APART =
  /^(?:sharp|argon2|bcrypt|pino|pino-pretty|@aws-sdk\/.*|@opentelemetry\/.*|@fastify\/static)$/;
/** Instances with a planted bug import it. It must share the packages of Nest. */
const USED_BY_BUGS = '@nestjs/testing';
const IMPORTS = /\b(?:require|import)\("([^."#][^"]*)"\)/g;

/**
 * The dependencies of the build in one file, with the code that V8 has compiled: a process of the tests loads them in a
 * third of the time that their 2,000 files take.
 * @returns {Promise<string>} path of a module for `node --require`; made once for a lock file, a Node and a set of imports
 */
export async function bundleDependencies() {
  const names = importedPackages();
  const key = createHash('sha256')
    .update(JSON.stringify([process.version, names]))
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .update(readFileSync(LOADER))
    .digest('hex');
  const folder = join(ROOT, 'node_modules', '.cache', 'quick-start', key);
  if (!existsSync(folder)) {
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await bundle(names, join(draft, 'dependencies.cjs'));
    copyFileSync(LOADER, join(draft, 'load.cjs'));
    execFileSync(process.execPath, [join(draft, 'load.cjs')]);
    renameSync(draft, folder);
  }
  return join(folder, 'load.cjs');
}

/** @returns {string[]} names that the build and the bugs import, but for those of Node and of packages that are kept apart */
function importedPackages() {
  const sources = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js'))
    .map((path) => readFileSync(join(DIST, path), 'utf8'));
  const names = sources.flatMap((source) =>
    [...source.matchAll(IMPORTS)].map(([, name = '']) => name),
  );
  return [...new Set([...names, USED_BY_BUGS])]
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
    .filter((name) => !KEPT_APART.test(name))
    .sort();
}

/**
 * @param {string[]} names of packages
 * @param {string} outfile a module that exports, for each name, a function that loads it
 */
async function bundle(names, outfile) {
  const loaders = names.map(
    (name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(name)})`,
  );
  await build({
    stdin: { contents: `module.exports = { ${loaders.join(', ')} };`, resolveDir: ROOT },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    keepNames: true,
    // A script that V8 has compiled before cannot import.
    supported: { 'dynamic-import': false },
    logLevel: 'error',
    define: { 'import.meta.url': 'addressOfBundle' },
    banner: { js: `const addressOfBundle = require('node:url').pathToFileURL(__filename).href;` },
    plugins: [{ name: 'kept-apart', setup: keepApart }],
  });
}

/**
 * Leaves out what cannot be bundled, and optional packages that are not installed.
 * @param {import('esbuild').PluginBuild} build
 */
function keepApart(build) {
  build.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...rest }) => {
    if (pluginData === 'resolving') {
      return undefined;
    }
    if (KEPT_APART.test(path)) {
      return { path, external: true };
    }
    const { kind, resolveDir, importer } = rest;
    const found = await build.resolve(path, {
      kind,
      resolveDir,
      importer,
      pluginData: 'resolving',
    });
    return found.errors.length > 0 ? { path, external: true } : found;
  });
}
