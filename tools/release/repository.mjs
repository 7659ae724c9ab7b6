// @ts-check
import { spawnSync } from 'node:child_process';
import { Failure } from '../local/failure.mjs';
import { ROOT } from '../local/paths.mjs';

/**
 * Runs git in the checkout.
 * @param {...string} args
 * @returns {string} its output, without the last line end
 * @throws {Failure} with what git said
 */
export function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) {
    throw new Failure(`git ${args[0]} failed.`, stderr);
  }
  return stdout.trimEnd();
}

/** @param {string} tag */
export function hasTag(tag) {
  return git('tag', '--list', tag) !== '';
}

/** Whether a branch is checked out, and not a commit alone. */
export function isOnBranch() {
  return git('branch', '--show-current') !== '';
}

/** @returns {string | undefined} the address of `origin` in a browser: `https://github.com/owner/name` */
export function repositoryAddress() {
  if (!git('remote').split('\n').includes('origin')) {
    return undefined;
  }
  const address = git('remote', 'get-url', 'origin').replace(/\.git$/, '');
  const [, host, path] =
    /^(?:https?:\/\/|ssh:\/\/)?(?:[^@/]+@)?([\w.-]+\.[a-z]+)(?::\d+)?[:/](.+)$/i.exec(address) ??
    [];
  return host === undefined ? undefined : `https://${host}/${path}`;
}
