// @ts-check
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');
const { isMainThread } = require('node:worker_threads');

/**
 * `node --require` loads it before a program of the tests: what the program imports then comes from the bundle beside this
 * file (bundle.mjs). Run by itself, it keeps what V8 compiles when all of the bundle is loaded.
 */

/** @typedef {(request: string, parent: { filename?: string } | undefined, isMain: boolean) => unknown} Load */

const BUNDLE = join(__dirname, 'dependencies.cjs');
const COMPILED = join(__dirname, 'dependencies.v8');

// Threads inherit `--require`, and load nothing that is bundled.
if (isMainThread) {
  const script = new Script(Module.wrap(readFileSync(BUNDLE, 'utf8')), {
    filename: BUNDLE,
    cachedData: existsSync(COMPILED) ? readFileSync(COMPILED) : undefined,
  });
  /** @type {{ exports: Record<string, () => unknown> }} */
  const bundle = { exports: {} };
  const run = script.runInThisContext();
  run(bundle.exports, Module.createRequire(BUNDLE), bundle, BUNDLE, __dirname);
  loadFrom(bundle.exports);
  if (require.main === module) {
    Object.values(bundle.exports).forEach((load) => load());
    writeFileSync(COMPILED, script.createCachedData());
  }
}

/** @param {Record<string, () => unknown>} bundled by the names of packages */
function loadFrom(bundled) {
  const loading = /** @type {{ _load: Load }} */ (/** @type {unknown} */ (Module));
  const load = loading._load;
  loading._load = (request, parent, isMain) => {
    const fromBundle = bundled[request];
    return fromBundle && parent?.filename?.includes('node_modules') === false
      ? fromBundle()
      : load.call(Module, request, parent, isMain);
  };
}
