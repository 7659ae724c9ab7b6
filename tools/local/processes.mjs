// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from './failure.mjs';

const PS_DEADLINE_MS = 5_000;
const POLL_MS = 25;
const AFTER_KILL_MS = 2_000;

/**
 * A process that cannot be mistaken for another one that got the same number later.
 * @typedef {{ pid: number, startedAt: string }} ProcessId
 */

/**
 * @typedef {object} HowToStop
 * @property {string} name as shown to the reader
 * @property {NodeJS.Signals} stopSignal asks it to end
 * @property {NodeJS.Signals} killSignal ends it at once, with all of its own children
 */

/** @typedef {ProcessId & HowToStop} ProcessRecord */

/**
 * @param {number} pid
 * @returns {string | undefined} when the process started; undefined when it is gone or a zombie
 */
export function startTimeOf(pid) {
  return process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
}

/** @param {number} pid */
function startTimeFromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may itself hold spaces and parentheses.
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
  const line = ps(pid, 'stat=,lstart=');
  return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
}

/**
 * @param {number} pid
 * @param {string} columns
 */
function ps(pid, columns) {
  try {
    return execFileSync('ps', ['-o', columns, '-p', String(pid)], {
      encoding: 'utf8',
      timeout: PS_DEADLINE_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/**
 * @param {number} pid
 * @returns {string} the words of its command line joined by spaces; empty when it is gone
 */
export function commandLineOf(pid) {
  if (process.platform !== 'linux') {
    return ps(pid, 'args=');
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
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
 * Asks a process to end and kills it when it does not in time. Does nothing when it is gone.
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
