import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** By the names that Redis has for them. */
function namesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name]) => name!.toLowerCase()))].sort();
}

const PROBE = 'libs/redis/scripts/probe.lua';
const tried = namesIn(readFileSync(PROBE, 'utf8'), /(?:\{ |note\()'([A-Z]+)'/g);

describe('the probe of a Redis server', () => {
  it('tries every command that a script calls, and no other', () => {
    const scripts = readdirSync('libs', { recursive: true, encoding: 'utf8' })
      .map((path) => join('libs', path))
      .filter((path) => path.endsWith('.lua') && path !== PROBE);
    const called = scripts.map((path) => readFileSync(path, 'utf8')).join('\n');
    expect(tried).toEqual(namesIn(called, /redis\.p?call\(\s*'([A-Z]+)'/g));
  });

  it('tries no command that the documentation does not list for the user', () => {
    const listed = namesIn(readFileSync('docs/redis.md', 'utf8'), /(?<=^|\s)\+([a-z]+)(?=\s)/gm);
    expect(listed).toEqual(expect.arrayContaining(tried));
  });
});
