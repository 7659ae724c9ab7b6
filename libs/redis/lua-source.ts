import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

const INCLUDE = /^--- @include (\S+)$/gm;

/**
 * Reads a script and puts the files that it names in lines `--- @include path` (relative to itself)
 * in place of those lines: Redis knows no modules, and shared Lua should still be written once.
 * @throws Error when a file does not exist.
 */
export function readLuaSource(path: string): { name: string; source: string } {
  const source = readFileSync(path, 'utf8').replace(INCLUDE, (_line, included: string) => {
    return readLuaSource(resolve(dirname(path), included)).source;
  });
  return { name: basename(path, '.lua'), source };
}
