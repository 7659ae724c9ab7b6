// @ts-check
import { createHash, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, hasCode } from './failure.mjs';
import { readIfExists, writePrivately } from './files.mjs';
import {
  closeProcessList,
  identify,
  isAlive,
  killListed,
  openProcessList,
  readProcessList,
  stopListed,
} from './processes.mjs';

const CHILD_GRACE_MS = 8_000;
const POLL_MS = 100;

/**
 * The content of a lock file: its holder.
 * @typedef {object} Holder
 * @property {string} nonce makes every holding unique, also of one process
 * @property {number} pid
 * @property {string} startedAt
 * @property {string} [url] where it serves, once that is known
 */

/** Another process, which is alive, holds the lock. */
export class LockHeld extends Error {
  /** @param {Holder} holder */
  constructor(holder) {
    super(`process ${holder.pid} holds the lock`);
    this.name = 'LockHeld';
    this.holder = holder;
  }
}

/**
 * A file that at most one live process holds, beside a process list of the children that the holder starts. The lock of
 * a killed holder is stale: the next taker stops these children, then takes the lock.
 */
export class Lock {
  /** @type {string} */
  #path;
  /** @type {Holder} */
  #holder;

  /**
   * @param {string} path
   * @param {Holder} holder
   */
  constructor(path, holder) {
    this.#path = path;
    this.#holder = holder;
    openProcessList(childrenOf(path));
  }

  /** @param {string} url */
  setUrl(url) {
    this.#holder = { ...this.#holder, url };
    writePrivately(this.#path, JSON.stringify(this.#holder));
  }

  killChildren() {
    killListed(childrenOf(this.#path));
  }

  release() {
    if (readHolder(readIfExists(this.#path))?.nonce === this.#holder.nonce) {
      closeProcessList(childrenOf(this.#path));
      rmSync(this.#path, { force: true });
    }
  }
}

/**
 * @param {string} path
 * @param {() => void} [onOrphans] called when a killed holder left children behind, before they are stopped
 * @returns {Promise<Lock>}
 * @throws {LockHeld}
 */
export async function takeLock(path, onOrphans) {
  mkdirSync(dirname(path), { recursive: true });
  const holder = { ...identify(process.pid), nonce: randomUUID() };
  while (!createLock(path, holder)) {
    const found = readIfExists(path);
    if (found === undefined) {
      continue;
    }
    const other = readHolder(found);
    if (other !== undefined && isAlive(other)) {
      throw new LockHeld(other);
    }
    if (await takeOver(path, found, holder)) {
      break;
    }
  }
  // Removed last: if the taker is killed before, the next taker still finds the children.
  const orphans = childrenOf(path);
  if (readProcessList(orphans).length > 0) {
    onOrphans?.();
    await stopListed(orphans, CHILD_GRACE_MS);
  }
  return new Lock(path, holder);
}

/**
 * Takes the lock, waiting while another live process holds it.
 * @param {string} path
 * @param {object} options
 * @param {number} options.deadlineMs
 * @param {(holder: Holder) => void} options.onWait called once when it has to wait
 * @param {AbortSignal | undefined} [options.signal]
 */
export async function waitForLock(path, { deadlineMs, onWait, signal }) {
  const deadline = Date.now() + deadlineMs;
  for (let waiting = false; ; waiting = true) {
    try {
      return await takeLock(path);
    } catch (error) {
      if (!(error instanceof LockHeld)) {
        throw error;
      }
      if (!waiting) {
        onWait(error.holder);
      }
      if (Date.now() >= deadline) {
        const pid = error.holder.pid;
        throw new Failure(`Process ${pid} still holds ${path} after ${deadlineMs / 1000} s.`);
      }
    }
    await sleep(POLL_MS, undefined, signal ? { signal } : {});
  }
}

/**
 * Of several takers that saw the same stale content, the one that holds the claim named after this content may replace
 * it. The claim is a lock itself, so a taker that is killed blocks no other.
 * @param {string} path
 * @param {string} stale the content that was found
 * @param {Holder} holder
 * @returns {Promise<boolean>} false when another taker was faster
 */
async function takeOver(path, stale, holder) {
  const digest = createHash('sha256').update(stale).digest('hex').slice(0, 16);
  const claim = await takeLock(`${path}.${digest}`).catch((error) => {
    if (error instanceof LockHeld) {
      return undefined;
    }
    throw error;
  });
  if (claim === undefined) {
    await sleep(POLL_MS);
    return false;
  }
  try {
    if (readIfExists(path) !== stale) {
      return false;
    }
    writePrivately(path, JSON.stringify(holder));
    return true;
  } finally {
    claim.release();
  }
}

/** @param {string} path of a lock @returns {string} path of its process list */
function childrenOf(path) {
  return `${path}.children`;
}

/**
 * Links a complete file, so that no reader sees a partial lock.
 * @param {string} path
 * @param {Holder} holder
 * @returns {boolean} false when the file exists
 */
function createLock(path, holder) {
  const complete = `${path}.${holder.nonce}.tmp`;
  writePrivately(complete, JSON.stringify(holder));
  try {
    linkSync(complete, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      return false;
    }
    throw error;
  } finally {
    rmSync(complete, { force: true });
  }
}

/**
 * @param {string | undefined} content
 * @returns {Holder | undefined} undefined when it does not describe one: no process can hold such a lock
 */
function readHolder(content) {
  try {
    const holder = JSON.parse(content ?? '');
    return typeof holder.startedAt === 'string' ? holder : undefined;
  } catch {
    return undefined;
  }
}
