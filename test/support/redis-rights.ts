import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';

/** Rules of `ACL SETUSER`: the least rights of the user of Redis, or of Sentinels, as docs/redis.md lists them. */
export function documentedRights(of: 'Redis' | 'Sentinels' = 'Redis'): string[] {
  const page = readFileSync(join(ROOT, 'docs', 'redis.md'), 'utf8');
  const blocks = [...page.matchAll(/ACL SETUSER latchkey on >PASSWORD ([^`]*)```/g)];
  const rules = blocks[of === 'Redis' ? 0 : 1]?.[1]?.trim().split(/\s+/);
  if (rules?.includes('-@all') !== true) {
    throw new Error('docs/redis.md does not list the rights of the user');
  }
  return rules;
}
