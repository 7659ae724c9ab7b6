import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import semver from 'semver';
import { VERSION } from '../../apps/version';
import { copyCheckout } from '../../tools/local/checkout-copy.mjs';
import { ROOT } from '../../tools/local/paths.mjs';
import { changesIn } from '../../tools/release/changelog.mjs';
import { isMentioned, mentionOf } from '../../tools/release/versions.mjs';

const NEXT = semver.inc(VERSION, 'minor')!;
/** Their mentions belong to a moment, or are those of another package. */
const OTHER_VERSIONS = /^(?:CHANGELOG\.md|docs\/performance\.md|(?:.*\/)?package(?:-lock)?\.json)$/;

const trackedFiles = () =>
  spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  }).stdout.split('\0');

describe('npm run release', () => {
  let parent: string;
  let clone: string;

  beforeAll(() => {
    parent = mkdtempSync(join(tmpdir(), 'latchkey-release-'));
    clone = join(parent, 'clone');
    copyCheckout(clone, { withBuild: false });
    // The one of this checkout may have nothing to release.
    write('CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- The first change.\n');
    git('init', '--quiet', '--initial-branch', 'main');
    git('config', 'user.name', 'Ada');
    git('config', 'user.email', 'ada@example.com');
    git('remote', 'add', 'origin', 'git@git.example.com:team/latchkey.git');
    // The copy has a link where a clone has a folder.
    appendFileSync(join(clone, '.git/info/exclude'), 'node_modules\n');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'feat: begin');
    git('branch', 'begin');
  });

  beforeEach(() => {
    git('reset', '--quiet', '--hard', 'begin');
    git('clean', '--quiet', '--force', '-d');
    git('tag', '--list')
      .split('\n')
      .filter(Boolean)
      .forEach((tag) => git('tag', '--delete', tag));
  });

  afterAll(() => rmSync(parent, { recursive: true }));

  function git(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('git', args, { cwd: clone, encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(`git ${args.join(' ')}: ${stderr}`);
    }
    return stdout.trim();
  }

  const read = (path: string) => readFileSync(join(clone, path), 'utf8');
  const write = (path: string, text: string) => writeFileSync(join(clone, path), text);

  /** The exit code and what it printed. */
  function release(...args: string[]): [number | null, string] {
    const command = ['run', '--silent', 'release', '--', ...args];
    const { status, stdout, stderr } = spawnSync('npm', command, { cwd: clone, encoding: 'utf8' });
    return [status, (stdout + stderr).trim()];
  }

  /** Nothing was committed, tagged or written. */
  function expectNoRelease(): void {
    expect(git('rev-parse', 'HEAD')).toBe(git('rev-parse', 'begin'));
    expect(git('tag', '--list')).not.toContain(`v${NEXT}`);
  }

  it.each([[NEXT], ['minor']])('commits and tags %s', (wanted) => {
    expect(release(wanted)).toEqual([0, expect.stringContaining('git push --follow-tags')]);
    expect(git('status', '--porcelain')).toBe('');
    expect(git('log', '-1', '--format=%s')).toBe(`chore(release): ${NEXT}`);
    expect(git('cat-file', '-t', `v${NEXT}`)).toBe('tag');
    expect(git('rev-parse', `v${NEXT}^{commit}`)).toBe(git('rev-parse', 'HEAD'));

    for (const folder of ['', 'packages/client/', 'packages/modules/', 'packages/verifier/']) {
      expect(JSON.parse(read(`${folder}package.json`))).toMatchObject({ version: NEXT });
    }
    const lock = JSON.parse(read('package-lock.json')) as {
      version: string;
      packages: Record<string, { version?: string }>;
    };
    expect(lock.version).toBe(NEXT);
    for (const place of ['', 'packages/client', 'packages/modules', 'packages/verifier']) {
      expect([place, lock.packages[place]?.version]).toEqual([place, NEXT]);
    }
    expect(read('Dockerfile')).toContain(`ARG VERSION=${NEXT}\n`);
    expect(read('apps/version.ts')).toContain(`VERSION = '${NEXT}'`);
    expect(read('examples/embed/package.json')).toContain(`"@latchkey/modules": "${NEXT}"`);

    const changelog = read('CHANGELOG.md');
    const date = git('log', '-1', '--format=%cd', '--date=format:%Y-%m-%d');
    expect(changelog).toContain(`\n## [Unreleased]\n\n## [${NEXT}] - ${date}\n`);
    expect(changesIn(changelog, NEXT)).toBe('### Added\n\n- The first change.');
    expect(changelog.trimEnd().split('\n').slice(-2)).toEqual([
      `[Unreleased]: https://git.example.com/team/latchkey/compare/v${NEXT}...HEAD`,
      `[${NEXT}]: https://git.example.com/team/latchkey/releases/tag/v${NEXT}`,
    ]);
  });

  it('may release the current version once, and links to the one before the next time', () => {
    expect(release(VERSION)[0]).toBe(0);
    expect(release('patch')).toEqual([1, expect.stringContaining('[Unreleased]')]);
    const changed = read('CHANGELOG.md').replace('## [Unreleased]\n', '## [Unreleased]\n\n- x\n');
    write('CHANGELOG.md', changed);
    git('commit', '--all', '--quiet', '--message', 'feat: x');
    const next = semver.inc(VERSION, 'patch')!;
    expect(release('patch')[0]).toBe(0);
    const address = 'https://git.example.com/team/latchkey';
    expect(read('CHANGELOG.md').trimEnd().split('\n').slice(-3)).toEqual([
      `[Unreleased]: ${address}/compare/v${next}...HEAD`,
      `[${next}]: ${address}/compare/v${VERSION}...v${next}`,
      `[${VERSION}]: ${address}/releases/tag/v${VERSION}`,
    ]);
    const { stdout } = spawnSync('node', ['tools/release-notes.mjs', next], {
      cwd: clone,
      encoding: 'utf8',
    });
    expect(stdout).toBe('- x\n');
  });

  it('changes nothing with --dry-run', () => {
    const [status, text] = release('minor', '--dry-run');
    expect([status, text]).toEqual([0, expect.stringContaining(`${NEXT} would change`)]);
    expect(text).toContain('CHANGELOG.md');
    expectNoRelease();
    expect(git('status', '--porcelain')).toBe('');
  });

  it('refuses a tree with changes, and a file that is not committed', () => {
    write('README.md', 'changed');
    expect(release(NEXT)).toEqual([1, expect.stringMatching(/^The working tree has changes/)]);
    git('checkout', '--quiet', '--', 'README.md');
    write('new.txt', 'new');
    expect(release(NEXT)).toEqual([1, expect.stringMatching(/^The working tree has changes/)]);
    expectNoRelease();
  });

  it('refuses a commit that no branch names', () => {
    git('checkout', '--quiet', '--detach');
    expect(release(NEXT)).toEqual([1, expect.stringMatching(/^No branch is checked out/)]);
    expectNoRelease();
    git('checkout', '--quiet', 'main');
  });

  it('refuses a tag that exists', () => {
    git('tag', `v${NEXT}`, 'begin');
    expect(release('minor')).toEqual([1, `The tag v${NEXT} exists.`]);
    expect(git('rev-parse', 'HEAD')).toBe(git('rev-parse', 'begin'));
  });

  it.each([
    '## [Unreleased]\n\n',
    '## [Unreleased]\n\n### Added\n\n## [0.0.1] - 2026-01-01\n\n- x\n',
  ])('refuses an empty section: %j', (changelog) => {
    write('CHANGELOG.md', `# Changelog\n\n${changelog}`);
    git('commit', '--all', '--quiet', '--message', 'docs: x');
    const head = git('rev-parse', 'HEAD');
    expect(release(NEXT)).toEqual([1, 'The section [Unreleased] of CHANGELOG.md lists no change.']);
    expect(git('rev-parse', 'HEAD')).toBe(head);
  });

  it.each([
    [['0.0.1'], /^0\.0\.1 is below the current version/],
    [['v9.0.0'], /"v9\.0\.0" is no version like 1\.2\.3\.$/],
    [['next'], /"next" is no version/],
    [[], /^Usage:/],
    [['minor', 'major'], /^Usage:/],
    [['minor', '--force'], /^Usage:/],
  ])('refuses %j', (args, message) => {
    expect(release(...args)).toEqual([1, expect.stringMatching(message)]);
    expectNoRelease();
  });

  it('leaves the files as they were if git refuses the commit', () => {
    writeFileSync(join(clone, '.git/hooks/pre-commit'), '#!/bin/sh\necho no >&2\nexit 1\n', {
      mode: 0o755,
    });
    expect(release(NEXT)).toEqual([1, 'git commit failed.\nno']);
    rmSync(join(clone, '.git/hooks/pre-commit'));
    expect(git('status', '--porcelain')).toBe('');
    expectNoRelease();
  });

  it('reads the changelog of this checkout', () => {
    const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
    expect(changelog.match(/^## \[Unreleased\]$/gm)).toHaveLength(1);
    const released = [...changelog.matchAll(/^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$/gm)];
    released.forEach(([, version = '']) => expect(changesIn(changelog, version)).not.toBe(''));
  });

  it('knows each file that names the version', () => {
    const missed = trackedFiles().filter(
      (path) =>
        path !== '' &&
        !OTHER_VERSIONS.test(path) &&
        !isMentioned(path) &&
        mentionOf(VERSION).test(readFileSync(join(ROOT, path), 'utf8')),
    );
    expect(missed).toEqual([]);
  });
});
