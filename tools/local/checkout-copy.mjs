// @ts-check
import { cpSync, symlinkSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { ROOT } from './paths.mjs';

const NEVER_COPIED = ['node_modules', '.git', '.data', 'coverage', '.env'];

/**
 * Copies the sources of this checkout. The copy shares the installed packages: `npm ci` in it would
 * empty those of the checkout.
 * @param {string} folder
 * @param {{ withBuild: boolean }} options whether `dist` is copied too
 */
export function copyCheckout(folder, { withBuild }) {
  const notCopied = withBuild ? NEVER_COPIED : [...NEVER_COPIED, 'dist'];
  cpSync(ROOT, folder, {
    recursive: true,
    filter: (source) =>
      !notCopied.includes(relative(ROOT, source).split(sep)[0] ?? '') &&
      basename(source) !== 'node_modules',
  });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}
