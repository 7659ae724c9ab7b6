// @ts-check
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

/**
 * Runs the API as production starts it, with a bug planted if one is named: `node
 * --conditions=latchkey-source launch.mjs BUG`. A bug is written in TypeScript, so that the API then
 * runs from its sources, compiled with the options of Jest (jest.config.js); otherwise from the build,
 * which starts in half the time.
 */

/** @type {import('@swc/core').Options} */
const SWC = {
  sourceMaps: 'inline',
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
};

/** @typedef {{ _compile: (code: string, path: string) => void }} CommonJsModule */
/** @typedef {Record<string, (module: CommonJsModule, path: string) => void>} Loaders */

const { _extensions: loaders } = /** @type {{ _extensions: Loaders }} */ (
  /** @type {unknown} */ (Module)
);
loaders['.ts'] = (/** @type {CommonJsModule} */ module, /** @type {string} */ path) => {
  const { code } = transformSync(readFileSync(path, 'utf8'), { ...SWC, filename: path });
  module._compile(code, path);
};

const require = createRequire(import.meta.url);
require('./shiftable-clock.ts').letClockStep();
const [, , bug] = process.argv;
const root = fileURLToPath(new URL('../..', import.meta.url));
const HASHER = join('libs', 'auth', 'passwords', 'password-hasher');
if (bug === undefined) {
  cheapen(require(join(root, 'dist', `${HASHER}.js`)));
  require(join(root, 'dist', 'apps', 'api', 'main.js'));
} else {
  cheapen(require(join(root, `${HASHER}.ts`)));
  require('./bugs/buggy-main.ts');
}

/**
 * Makes hashes as cheap as argon2 permits, as in all tests that are not about passwords: they would take a third of
 * the processor time of an instance.
 * @param {{ DEFAULT_COST: { memoryKib: number } }} hasher
 */
function cheapen({ DEFAULT_COST }) {
  DEFAULT_COST.memoryKib = 1024;
}
