// @ts-check
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { transformSync } from '@swc/core';

/**
 * Runs the API from its TypeScript sources, without a build: `node --conditions=latchkey-source
 * launch.mjs` as production starts it, `launch.mjs BUG` with a bug planted. Jest compiles with the
 * same options (jest.config.js).
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
require(bug === undefined ? '../../apps/api/main.ts' : './bugs/buggy-main.ts');
