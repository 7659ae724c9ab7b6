import { execFileSync } from 'node:child_process';
import { copyFileSync, chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Whether `.dockerignore` keeps a path out of the build context. The last pattern that matches the path
 * or a folder above it decides.
 * @param text of the file
 * @throws Error for a pattern whose meaning is not known here
 */
export function dockerIgnore(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, negation, pattern = ''] = /^(!?)([\w.*/-]+)$/.exec(line) ?? [];
      if (pattern === '') {
        throw new Error(`.dockerignore has a pattern that the tests do not know: ${line}`);
      }
      return { ignores: negation === '', matches: toRegExp(pattern) };
    });
  return (path) => rules.findLast(({ matches }) => matches.test(path))?.ignores ?? false;
}

function toRegExp(pattern: string): RegExp {
  const source = pattern
    .replaceAll('.', '\\.')
    .replaceAll('**/', '(?:.@/)?')
    .replaceAll('*', '[^/]*')
    .replaceAll('@', '*');
  return new RegExp(`^${source}(?:/|$)`);
}

/**
 * Copies the build context of a checkout into a folder: tracked and untracked files, without those that
 * `.dockerignore` names. Only the owner may read them, as in a checkout made under the umask 077.
 */
export function copyBuildContext(
  checkout: string,
  folder: string,
  isIgnored: (path: string) => boolean,
): void {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', list, { cwd: checkout, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && !isIgnored(path) && existsSync(join(checkout, path)));
  for (const path of paths) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    copyFileSync(join(checkout, path), target);
    chmodSync(target, 0o600);
  }
}
