// @ts-check
import { createHash, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, hasCode } from './failure.mjs';
import { identify, isAlive, stopProcess } from './processes.mjs';

const CHILD_GRACE_MS = 8_000;
const POLL_MS = 100;

/** @typedef {import('./processes.mjs').ProcessRecord} ProcessRecord */

/**
 * What the file of a lock says about its holder.
 * @typedef {object} Holder
 * @property {string} nonce makes every holding unique, also of one process
 * @property {number} pid
 * @property {string} startedAt
 * @property {string} [url] where it serves, once that is known
 * @property {ProcessRecord[]} children in the order in which they were started
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
 * A file that at most one live process holds. One whose holder was killed is stale: the next taker
 * stops the children that the holder left behind, then takes it over.
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
  }

  /**
   * Notes a child at once, synchronously: one that is not noted would outlive a kill -9.
   * @param {ProcessRecord} child
   */
  addChild(child) {
    this.#write({ children: [...this.#holder.children, child] });
  }

  /** @param {string} url */
  setUrl(url) {
    this.#write({ url });
  }

  release() {
    if (readHolder(read(this.#path))?.nonce === this.#holder.nonce) {
      rmSync(this.#path, { force: true });
    }
  }

  /** @param {Partial<Holder>} change */
  #write(change) {
    this.#holder = { ...this.#holder, ...change };
    renameSync(writeBeside(this.#path, this.#holder), this.#path);
  }
}

/**
 * @param {string} path
 * @param {() => void} [onStale] called when a killed holder left children behind, which are stopped
 * @returns {Promise<Lock>}
 * @throws {LockHeld}
 */
export async function takeLock(path, onStale) {
  mkdirSync(dirname(path), { recursive: true });
  const holder = { ...identify(process.pid), nonce: randomUUID(), children: [] };
  for (;;) {
    if (createLock(path, holder)) {
      return new Lock(path, holder);
    }
    const found = read(path);
    if (found === undefined) {
      continue;
    }
    const other = readHolder(found);
    if (other !== undefined && isAlive(other)) {
      throw new LockHeld(other);
    }
    if (await takeOver(path, found, holder, onStale)) {
      return new Lock(path, holder);
    }
  }
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
 * Of several takers that saw the same stale content, the one that holds the claim named after this
 * content may replace it; the claim is a lock itself, so a taker killed half-way blocks nobody.
 * @param {string} path
 * @param {string} stale the content that was found
 * @param {Holder} holder
 * @param {() => void} [onStale]
 * @returns {Promise<boolean>} false when somebody else was faster
 */
async function takeOver(path, stale, holder, onStale) {
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
    if (read(path) !== stale) {
      return false;
    }
    const orphans = (readHolder(stale)?.children ?? []).filter(isAlive).reverse();
    if (orphans.length > 0) {
      onStale?.();
    }
    for (const child of orphans) {
      await stopProcess(child, child.stopSignal, CHILD_GRACE_MS);
    }
    renameSync(writeBeside(path, holder), path);
    return true;
  } finally {
    claim.release();
  }
}

/**
 * Linking a complete file shows nobody a half-written lock.
 * @param {string} path
 * @param {Holder} holder
 * @returns {boolean} false when the file exists
 */
function createLock(path, holder) {
  const complete = writeBeside(path, holder);
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
 * @param {string} path
 * @param {Holder} holder
 * @returns {string} path of a new file with the holder's description
 */
function writeBeside(path, holder) {
  const beside = `${path}.${randomUUID()}.tmp`;
  writeFileSync(beside, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
  return beside;
}

/**
 * @param {string} path
 * @returns {string | undefined} undefined when there is no file
 */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

/**
 * @param {string | undefined} content
 * @returns {Holder | undefined} undefined when it does not describe one: nobody can hold such a lock
 */
function readHolder(content) {
  try {
    const holder = JSON.parse(content ?? '');
    return Number.isInteger(holder.pid) && Array.isArray(holder.children) ? holder : undefined;
  } catch {
    return undefined;
  }
}
