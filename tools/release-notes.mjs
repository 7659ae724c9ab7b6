// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './local/paths.mjs';
import { changesIn } from './release/changelog.mjs';

/** Prints the section of CHANGELOG.md of a version. Needs no package. */
const [version = 'Unreleased'] = process.argv.slice(2);
process.stdout.write(`${changesIn(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), version)}\n`);
