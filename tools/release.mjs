// @ts-check
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import semver from 'semver';
import { Failure } from './local/failure.mjs';
import { runMain } from './local/main.mjs';
import { ROOT } from './local/paths.mjs';
import { changesIn, withRelease } from './release/changelog.mjs';
import { git, hasTag, isOnBranch, repositoryAddress } from './release/repository.mjs';
import { withVersion } from './release/versions.mjs';

const USAGE = 'Usage: npm run release -- VERSION|major|minor|patch [--dry-run]';
const STEPS = ['major', 'minor', 'patch'];
const CHANGELOG = 'CHANGELOG.md';

/** @param {string} path */
const read = (path) => readFileSync(join(ROOT, path), 'utf8');

await runMain(() => {
  const { wanted, isDryRun } = options();
  const current = JSON.parse(read('package.json')).version;
  const version = versionOf(wanted, current);
  const changelog = read(CHANGELOG);
  const changes = changesIn(changelog, 'Unreleased');
  if (git('status', '--porcelain') !== '') {
    throw new Failure('The working tree has changes: commit or stash them.');
  }
  if (!isOnBranch()) {
    throw new Failure('No branch is checked out, so git would not push the commit: check one out.');
  }
  const files = withVersion(git('ls-files').split('\n'), read, current, version);
  const released = {
    version,
    previous: hasTag(`v${current}`) ? current : undefined,
    date: new Date().toISOString().slice(0, 10),
    repository: repositoryAddress(),
  };
  files.set(CHANGELOG, withRelease(changelog, released));
  if (isDryRun) {
    process.stdout.write(`${version} would change ${[...files.keys()].join(', ')}\n\n${changes}\n`);
    return Promise.resolve(0);
  }
  files.forEach((text, path) => writeFileSync(join(ROOT, path), text));
  commit(version);
  process.stdout.write(`${version} is committed and tagged. Publish it: git push --follow-tags\n`);
  return Promise.resolve(0);
});

function options() {
  const { values, positionals } = parseArgs({
    options: { 'dry-run': { type: 'boolean', default: false } },
    allowPositionals: true,
    strict: false,
  });
  const { 'dry-run': isDryRun, ...others } = values;
  const [wanted, ...more] = positionals;
  if (wanted === undefined || more.length > 0 || Object.keys(others).length > 0) {
    throw new Failure(USAGE);
  }
  return { wanted, isDryRun };
}

/**
 * Commits all files and tags the commit. Without a commit the files are as they were.
 * @param {string} version
 */
function commit(version) {
  try {
    git('commit', '--all', '--message', `chore(release): ${version}`);
  } catch (error) {
    git('restore', '--staged', '--worktree', '.');
    throw error;
  }
  git('tag', '--annotate', `v${version}`, '--message', `Latchkey ${version}`);
}

/**
 * @param {string} wanted a version, or a step from the current one
 * @param {string} current
 * @returns {string} the version to release
 */
function versionOf(wanted, current) {
  const step = /** @type {import('semver').ReleaseType} */ (wanted);
  const version = STEPS.includes(wanted) ? semver.inc(current, step) : semver.valid(wanted);
  if (version === null || (version !== wanted && !STEPS.includes(wanted))) {
    throw new Failure(`${USAGE}\n"${wanted}" is no version like 1.2.3.`);
  }
  if (hasTag(`v${version}`)) {
    throw new Failure(`The tag v${version} exists.`);
  }
  // The current version may be one that was never released.
  if (semver.lt(version, current)) {
    throw new Failure(`${version} is below the current version, ${current}.`);
  }
  return version;
}
