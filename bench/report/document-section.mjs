// @ts-check
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { replaceBetween } from './markers.mjs';

const DOCUMENT = join(ROOT, 'docs', 'performance.md');

/**
 * Writes results between their markers in docs/performance.md.
 * @param {string} name
 * @param {string} markdown
 */
export function writeSection(name, markdown) {
  writeFileSync(DOCUMENT, replaceBetween(readFileSync(DOCUMENT, 'utf8'), name, markdown));
}
