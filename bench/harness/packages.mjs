// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages } from '../../tools/local/dependencies.mjs';
import { ROOT } from '../../tools/local/paths.mjs';

export const BENCH = join(ROOT, 'bench');

/** @param {import('../../tools/local/preparation.mjs').StepContext} context */
export async function ensureBenchPackages(context) {
  const title = 'installing the packages of the bench (npm ci)';
  await installPackages(BENCH, title, [], context);
}

/** @param {string} name of a package of the bench @returns {string} its installed version */
export function versionOf(name) {
  const path = join(BENCH, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(path, 'utf8')).version;
}
