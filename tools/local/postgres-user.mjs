// @ts-check
import { chmodSync, chownSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from './failure.mjs';
import { ROOT } from './paths.mjs';
import { run } from './run.mjs';

const CANDIDATES = ['postgres', 'nobody'];
const ID_DEADLINE_MS = 5_000;
const ROOT_GROUP = 0;
const ENTER = { owner: 0o100, group: 0o010, others: 0o001 };

/**
 * The user that runs Postgres. Empty: the current user.
 * @typedef {{ uid?: number, gid?: number }} PostgresUser
 */

/**
 * Postgres refuses to run as root. It then runs as another user with root's group, which can enter root's folders, such
 * as a fresh clone in /root, without opening them to all users. The owner of existing data or of the checkout is
 * preferred: it can enter the folders already.
 * @param {string} dataDir
 * @returns {Promise<PostgresUser>}
 */
export async function choosePostgresUser(dataDir) {
  if (process.getuid?.() !== 0) {
    return {};
  }
  const owner = [dataDir, dirname(dataDir), ROOT]
    .map((folder) => statSync(folder, { throwIfNoEntry: false })?.uid ?? 0)
    .find((uid) => uid !== 0);
  if (owner !== undefined) {
    return { uid: owner, gid: ROOT_GROUP };
  }
  for (const name of CANDIDATES) {
    const { ok, output } = await run('id', ['-u', name], { deadlineMs: ID_DEADLINE_MS });
    if (ok) {
      return { uid: Number(output), gid: ROOT_GROUP };
    }
  }
  throw new Failure(
    'Postgres cannot run as root and there is no user postgres or nobody: ' +
      'run as an ordinary user or set DATABASE_URL.',
  );
}

/**
 * @param {string} path a file, or a folder with all that is in it
 * @param {PostgresUser} user
 */
export function giveTo(path, { uid, gid }) {
  if (uid === undefined || gid === undefined) {
    return;
  }
  chownSync(path, uid, gid);
  if (lstatSync(path).isDirectory()) {
    for (const name of readdirSync(path)) {
      const inner = join(path, name);
      if (!lstatSync(inner).isSymbolicLink()) {
        giveTo(inner, { uid, gid });
      }
    }
  }
}

/**
 * Ensures that the user can enter a folder and its parents, by giving root's group access to those that belong to it.
 * @param {string} path
 * @param {PostgresUser} user
 * @param {(text: string) => void} say
 */
export function openTheWay(path, { uid, gid }, say) {
  if (uid === undefined) {
    return;
  }
  for (const folder of withAncestors(realpathSync(path))) {
    const stat = statSync(folder);
    const bit = stat.uid === uid ? 'owner' : stat.gid === gid ? 'group' : 'others';
    if ((stat.mode & ENTER[bit]) !== 0) {
      continue;
    }
    if (bit !== 'group' || !addMode(folder, stat.mode | ENTER.group)) {
      throw new Failure(
        `Postgres cannot run as root, and user ${uid} may not enter ${folder}: ` +
          'run as an ordinary user or set DATABASE_URL.',
      );
    }
    say(`let the group root enter ${folder}, for Postgres (chmod g+x)`);
  }
}

/**
 * @param {string} folder
 * @returns {string[]} the folder itself first, the root last
 */
function withAncestors(folder) {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...withAncestors(parent)];
}

/**
 * @param {string} folder
 * @param {number} mode
 * @returns {boolean} whether it could be set
 */
function addMode(folder, mode) {
  try {
    chmodSync(folder, mode & 0o7777);
    return true;
  } catch {
    return false;
  }
}
