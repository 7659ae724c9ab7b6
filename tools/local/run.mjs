// @ts-check
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { Server } from './server.mjs';

const STOP_GRACE_MS = 3_000;

/**
 * @typedef {object} Limits
 * @property {number} deadlineMs
 * @property {AbortSignal | undefined} [signal] aborting it stops the command
 */

/** @typedef {Limits & Pick<import('./server.mjs').ServerSettings,
 *   'cwd' | 'env' | 'uid' | 'gid' | 'input' | 'priority'>} RunOptions */

/**
 * Runs a command to its end.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<{ ok: boolean, output: string }>} standard output and error as they came
 */
export async function run(command, args, { deadlineMs, signal, ...settings }) {
  signal?.throwIfAborted();
  const logFile = join(tmpdir(), `latchkey-${randomUUID()}.log`);
  try {
    const child = await Server.spawn(command, args, {
      ...settings,
      name: command,
      stopSignal: 'SIGTERM',
      killSignal: 'SIGKILL',
      graceMs: STOP_GRACE_MS,
      logFile,
    });
    const end = await Promise.race([child.ended, expiry(deadlineMs, signal)]);
    if (end === undefined) {
      await child.stop();
      signal?.throwIfAborted();
      throw new Failure(`${command} did not end within ${deadlineMs / 1000} s.`, child.log);
    }
    return { ok: end === 'exit code 0', output: child.log };
  } finally {
    rmSync(logFile, { force: true });
  }
}

/**
 * @param {number} deadlineMs
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<void>} resolves at the deadline or when the signal is aborted
 */
function expiry(deadlineMs, signal) {
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  return new Promise((resolve) =>
    either.addEventListener('abort', () => resolve(), { once: true }),
  );
}
