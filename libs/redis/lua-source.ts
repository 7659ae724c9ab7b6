import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

const INCLUDE = /^--- @include (\S+)$/gm;

/**
 * Reads a script and replaces lines `--- @include path` (relative to the script) by the files that they name: Redis has
 * no modules.
 * @throws Error if a file does not exist.
 */
export function readLuaSource(path: string): { name: string; source: string } {
  const source = readFileSync(path, 'utf8').replace(INCLUDE, (_line, included: string) => {
    return readLuaSource(resolve(dirname(path), included)).source;
  });
  return { name: basename(path, '.lua'), source };
}
