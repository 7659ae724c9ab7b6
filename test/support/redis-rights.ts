import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';

/** Rules of `ACL SETUSER`: the least rights of the Redis user, as docs/redis.md lists them. */
export function documentedRights(): string[] {
  const page = readFileSync(join(ROOT, 'docs', 'redis.md'), 'utf8');
  const block = /ACL SETUSER latchkey on >PASSWORD (~session[^`]*)```/.exec(page)?.[1];
  if (block === undefined) {
    throw new Error('docs/redis.md does not list the rights of the user');
  }
  return block.trim().split(/\s+/);
}
