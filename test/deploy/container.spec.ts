import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { ALLOCATOR } from '../../tools/local/api.mjs';

const ROOT = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Instructions of the stage that is shipped, continuation lines joined. */
const shipped = read('Dockerfile')
  .replace(/\\\n/g, ' ')
  .split(/^(?=FROM )/m)
  .at(-1)!
  .split('\n')
  .filter((line) => line !== '');

describe('the image', () => {
  it('runs as somebody who is not root', () => {
    const users = shipped.filter((line) => line.startsWith('USER '));
    expect(users.at(-1)).toMatch(/^USER (?!root\b|0\b)\w+/);
    const start = shipped.findIndex((line) => line.startsWith('CMD '));
    expect(shipped.indexOf(users.at(-1)!)).toBeLessThan(start);
  });

  it('is production, whatever starts it', () => {
    expect(shipped.join('\n')).toMatch(/^ENV .*\bNODE_ENV=production\b/m);
  });

  it('keeps as little memory as `npm start`', () => {
    const settings = Object.entries(ALLOCATOR).map(([name, value]) => `ENV ${name}=${value}`);
    expect(settings).toEqual(['ENV MALLOC_ARENA_MAX=1']);
    expect(shipped).toEqual(expect.arrayContaining(settings));
  });

  it('V13.4.1: takes nothing along but the build, its packages and their names', () => {
    const copied = shipped.filter((line) => line.startsWith('COPY ') || line.startsWith('ADD '));
    expect(copied).toEqual([
      'COPY --from=build /app/package.json ./',
      'COPY --from=build /app/node_modules ./node_modules',
      'COPY --from=build /app/dist ./dist',
    ]);
  });

  it('V13.4.1, V13.3.1: is built from a folder without history, settings and secrets', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', '.env', '.data', 'node_modules']));
  });

  it('has a documented securityContext that is YAML, and takes away what it can', () => {
    const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(read('docs/supply-chain.md')) ?? [];
    const pod = load(yaml) as {
      securityContext: Record<string, unknown>;
      containers: { securityContext: Record<string, unknown> }[];
    };
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(pod.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});
