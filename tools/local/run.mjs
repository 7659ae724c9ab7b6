// @ts-check
import { spawn } from 'node:child_process';
import { Failure } from './failure.mjs';
import { identify, stopProcess } from './processes.mjs';

const OUTPUT_LIMIT_CHARS = 200_000;
const STOP_GRACE_MS = 3_000;
/** How long output may still arrive after the end: a process left behind can hold the pipe open. */
const DRAIN_MS = 2_000;

/**
 * @typedef {object} RunOptions
 * @property {number} deadlineMs
 * @property {AbortSignal | undefined} [signal] aborting it stops the command
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [uid]
 * @property {number} [gid]
 * @property {string} [input] given to the command on its standard input
 * @property {((record: import('./processes.mjs').ProcessRecord) => void) | undefined} [onSpawn]
 */

/**
 * Runs a command to its end, in a process group of its own: a Ctrl-C of the terminal reaches it only
 * through `signal`.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<{ ok: boolean, output: string }>} standard output and error as they came
 */
export async function run(command, args, options) {
  const { deadlineMs, signal, input, onSpawn, ...spawnOptions } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, { ...spawnOptions, detached: true, stdio: 'pipe' });
  if (child.pid === undefined) {
    const reason = await new Promise((resolve) => child.once('error', resolve));
    throw new Failure(`Cannot run ${command}: ${reason.message}.`);
  }
  const id = identify(child.pid);
  onSpawn?.({ ...id, name: command, stopSignal: 'SIGTERM', killSignal: 'SIGKILL' });

  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output = (output + text).slice(-OUTPUT_LIMIT_CHARS);
    });
  }
  // The command may end without reading its input.
  child.stdin.on('error', () => undefined).end(input ?? '');

  let overdue = false;
  const stop = () => void stopProcess(id, 'SIGTERM', STOP_GRACE_MS);
  const timer = setTimeout(() => {
    overdue = true;
    stop();
  }, deadlineMs);
  signal?.addEventListener('abort', stop);
  try {
    const code = await ended(child);
    signal?.throwIfAborted();
    if (overdue) {
      throw new Failure(`${command} did not end within ${deadlineMs / 1000} s.`, output);
    }
    return { ok: code === 0, output };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number | null>} its exit code
 */
function ended(child) {
  return new Promise((resolve) => {
    child.once('close', resolve);
    child.once('exit', (code) => setTimeout(() => resolve(code), DRAIN_MS).unref());
  });
}
