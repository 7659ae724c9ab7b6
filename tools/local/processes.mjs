// @ts-check
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from './failure.mjs';
import { readIfExists } from './files.mjs';

const PS_DEADLINE_MS = 5_000;
const POLL_MS = 25;
const AFTER_KILL_MS = 2_000;

/**
 * A process, distinguishable from a later one with the same number.
 * @typedef {{ pid: number, startedAt: string }} ProcessId
 */

/**
 * @typedef {object} HowToStop
 * @property {string} name as shown to the reader
 * @property {NodeJS.Signals} stopSignal asks it to end
 * @property {NodeJS.Signals} killSignal ends it at once, with all of its own children
 */

/** @typedef {ProcessId & HowToStop} ProcessRecord */

/** The process lists that this process has opened. @type {Set<string>} */
const openLists = new Set();

/**
 * @param {number} pid
 * @returns {string | undefined} when the process started; undefined if it has ended or is a zombie
 */
export function startTimeOf(pid) {
  return process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

/** @param {number} pid */
function startTimeFromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticksSinceBoot] = [fields[0], fields[19]];
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return state === 'Z' || state === 'X' ? undefined : `${bootId} ${ticksSinceBoot}`;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function startTimeFromPs(pid) {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: PS_DEADLINE_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/**
 * @param {number} pid
 * @returns {ProcessId}
 */
export function identify(pid) {
  return { pid, startedAt: startTimeOf(pid) ?? 'gone' };
}

/** @param {ProcessId} id */
export function isAlive({ pid, startedAt }) {
  return startTimeOf(pid) === startedAt;
}

/**
 * Signals the process and the group that it leads, if it leads one.
 * @param {ProcessId} id
 * @param {NodeJS.Signals} signal
 */
export function signalProcess(id, signal) {
  for (const target of [-id.pid, id.pid]) {
    try {
      if (isAlive(id)) {
        process.kill(target, signal);
        return;
      }
    } catch (error) {
      if (!hasCode(error, 'ESRCH')) {
        throw error;
      }
    }
  }
}

/**
 * @param {ProcessId} id
 * @param {number} deadlineMs
 * @returns {Promise<boolean>} whether it ended in time
 */
export async function waitUntilGone(id, deadlineMs) {
  const deadline = Date.now() + deadlineMs;
  while (isAlive(id)) {
    if (Date.now() >= deadline) {
      return false;
    }
    await sleep(POLL_MS);
  }
  return true;
}

/**
 * Asks a process to end, and kills it after the grace period. Does nothing if it has ended.
 * @param {ProcessId} id
 * @param {NodeJS.Signals} signal
 * @param {number} graceMs
 */
export async function stopProcess(id, signal, graceMs) {
  signalProcess(id, signal);
  if (!(await waitUntilGone(id, graceMs))) {
    signalProcess(id, 'SIGKILL');
    await waitUntilGone(id, AFTER_KILL_MS);
  }
}

/**
 * Opens a process list: a file with one line of JSON for each process that this one starts until the list is closed.
 * After a kill -9, another process stops the children by it.
 * @param {string} path
 */
export function openProcessList(path) {
  writeFileSync(path, '', { mode: 0o600 });
  openLists.add(path);
}

/** @param {string} path */
export function closeProcessList(path) {
  openLists.delete(path);
  rmSync(path, { force: true });
}

/**
 * Adds a child to each open list and to that of the test runner. Synchronous: a child that is not listed would survive
 * a kill -9.
 * @param {number} pid
 * @param {HowToStop} howToStop
 * @returns {ProcessRecord}
 */
export function noteProcess(pid, { name, stopSignal, killSignal }) {
  const record = { ...identify(pid), name, stopSignal, killSignal };
  const { LATCHKEY_PROCESS_LIST: listOfRunner } = process.env;
  for (const list of listOfRunner ? [...openLists, listOfRunner] : openLists) {
    appendFileSync(list, `${JSON.stringify(record)}\n`);
  }
  return record;
}

/**
 * @param {string} path
 * @returns {ProcessRecord[]} the processes of the list that are alive, the last started first
 */
export function readProcessList(path) {
  const lines = (readIfExists(path) ?? '').split('\n');
  return lines.flatMap(parseRecord).filter(isAlive).reverse();
}

/**
 * Kills the processes of a list at once.
 * @param {string} path
 */
export function killListed(path) {
  for (const record of readProcessList(path)) {
    signalProcess(record, record.killSignal);
  }
}

/**
 * Stops the processes of a list one after the other.
 * @param {string} path
 * @param {number} graceMs for each
 */
export async function stopListed(path, graceMs) {
  for (const record of readProcessList(path)) {
    await stopProcess(record, record.stopSignal, graceMs);
  }
}

/**
 * @param {string} line
 * @returns {ProcessRecord[]} none where a crash of the machine left half a line
 */
function parseRecord(line) {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
