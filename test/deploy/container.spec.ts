import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { ALLOCATOR } from '../../tools/local/api.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { dockerIgnore } from './image/build-context';
import { all, parseDockerfile, stagesOf } from './image/dockerfile';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Instructions of the stage that is shipped. */
const shipped = stagesOf(parseDockerfile(read('Dockerfile'))).at(-1)!;
const environment = Object.assign({}, ...all(shipped, 'ENV').map(({ values }) => values)) as Record<
  string,
  string
>;

describe('the image', () => {
  it('runs as a user that is not root', () => {
    const [user, ...others] = all(shipped, 'USER');
    expect([user?.name, others]).toEqual(['node', []]);
    const kinds = shipped.map(({ kind }) => kind);
    expect(kinds.indexOf('USER')).toBeLessThan(kinds.indexOf('CMD'));
  });

  it('sets NODE_ENV to production', () => {
    expect(environment.NODE_ENV).toBe('production');
  });

  it('keeps as little memory as `npm start`', () => {
    expect(ALLOCATOR).toEqual({ MALLOC_ARENA_MAX: '1' });
    expect(environment).toMatchObject(ALLOCATOR);
  });

  it('V13.4.1: contains the build, its packages and their names alone', () => {
    expect(all(shipped, 'COPY').map(({ from, sources }) => [from, ...sources])).toEqual([
      ['build', '/app/package.json'],
      ['build', '/app/node_modules'],
      ['build', '/app/dist'],
    ]);
  });

  it('is healthy while its process serves, in every state of its stores', () => {
    expect(all(shipped, 'HEALTHCHECK').map(({ command }) => command.join(' '))).toEqual([
      expect.stringContaining('/health/live'),
    ]);
  });

  describe('V13.4.1, V13.3.1: is built from a folder', () => {
    const isIgnored = dockerIgnore(read('.dockerignore'));

    it.each([
      '.git/HEAD',
      '.env',
      '.env.production',
      'apps/api/.env',
      '.data/jwt-secret',
      'node_modules/pg/package.json',
      'bench/main.mjs',
      'test/deploy/container.spec.ts',
      'libs/config/settings.spec.ts',
      'docs/limits.md',
      'deploy/prometheus/alerts.yml',
      'tools/test.mjs',
      'dist/apps/api/main.js',
      'notes-of-today.txt',
    ])('without %s', (path) => {
      expect(isIgnored(path)).toBe(true);
    });

    it.each([
      'package.json',
      'package-lock.json',
      'tsconfig.build.json',
      'apps/api/main.ts',
      'libs/cache/index.ts',
      'tools/build.mjs',
      'tools/local/source-build.mjs',
    ])('with %s', (path) => {
      expect(isIgnored(path)).toBe(false);
    });
  });

  it.each([
    'ADD . .',
    'RUN --mount=type=cache npm ci',
    'COPY --chown=node:node a b',
    'CMD node main.js',
    'STOPSIGNAL SIGINT',
    'ENV A B',
  ])('has no line that its tests would misread, as %s', (line) => {
    expect(() => parseDockerfile(`FROM node:24-slim\n${line}\n`)).toThrow(line);
  });

  it('has a documented securityContext that is YAML, and drops every privilege', () => {
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
