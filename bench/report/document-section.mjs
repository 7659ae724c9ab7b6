// @ts-check
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { replaceBetween } from './markers.mjs';

/**
 * Writes results between their markers in a page of the documentation.
 * @param {string} name
 * @param {string} markdown
 * @param {string} [page]
 */
export function writeSection(name, markdown, page = 'performance.md') {
  const path = join(ROOT, 'docs', page);
  writeFileSync(path, replaceBetween(readFileSync(path, 'utf8'), name, markdown));
}
