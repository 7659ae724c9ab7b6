// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure.mjs';
import { noteProcess, signalProcess, stopProcess } from './processes.mjs';

const LOG_LIMIT_BYTES = 10_000_000;
const TAIL_LINES = 15;
const POLL_MS = 50;
const AFTER_KILL_MS = 1_000;

/**
 * @typedef {object} ServerSettings
 * @property {number} graceMs how long it may take to end after the stop signal
 * @property {string | undefined} [logFile] takes what it prints; the terminal by default
 * @property {string} [input] its standard input; empty by default
 * @property {boolean} [withChannel] gives it an IPC channel, whose end tells that this process died
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv | undefined} [env]
 * @property {number | undefined} [uid]
 * @property {number | undefined} [gid]
 * @property {number | undefined} [priority] niceness of the operating system, of its children too; its own by default
 */

/** @typedef {import('./processes.mjs').HowToStop & ServerSettings} ServerOptions */

/**
 * A child in a process group of its own, which the terminal's Ctrl-C does not reach. The open process lists contain it.
 * Its output goes to a file, not through a pipe: a pipe stays open while any process that inherited it lives.
 */
export class Server {
  #options;
  #record;
  #logOffset;
  /** Why it ended: an exit code or a signal. Pending while it runs. @type {Promise<string>} */
  ended;
  running = true;

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {ServerOptions} options
   * @throws {Failure} when the command cannot be run
   */
  static async spawn(command, args, options) {
    const { logFile, input, withChannel, cwd, env, uid, gid, priority } = options;
    const log = logFile === undefined ? undefined : openLog(logFile);
    const output = log?.descriptor ?? 'inherit';
    const stdin = input === undefined ? 'ignore' : 'pipe';
    const child = spawn(command, args, {
      detached: true,
      stdio: [stdin, output, output, ...(withChannel ? [/** @type {const} */ ('ipc')] : [])],
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    if (log !== undefined) {
      closeSync(log.descriptor);
    }
    if (child.pid === undefined) {
      const [reason] = await once(child, 'error');
      throw new Failure(`Cannot run ${command}: ${reason.message}.`);
    }
    if (priority !== undefined) {
      setPriority(child.pid, priority);
    }
    const record = noteProcess(child.pid, options);
    // The command may end without reading its input.
    child.stdin?.on('error', () => undefined).end(input);
    return new this(child, record, options, log?.offset ?? 0);
  }

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {import('./processes.mjs').ProcessRecord} record
   * @param {ServerOptions} options
   * @param {number} logOffset where its output begins in the log file
   * @private
   */
  constructor(child, record, options, logOffset) {
    this.#record = record;
    this.#options = options;
    this.#logOffset = logOffset;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.running = false;
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
  }

  get name() {
    return this.#options.name;
  }

  get pid() {
    return this.#record.pid;
  }

  /** The content of its log file since its start. */
  get log() {
    const { logFile } = this.#options;
    return logFile === undefined
      ? ''
      : readFileSync(logFile).subarray(this.#logOffset).toString('utf8');
  }

  /** The last lines of `log`. */
  get logTail() {
    return this.log.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  }

  /**
   * @param {() => Promise<boolean>} isReady
   * @param {{ deadlineMs: number, signal?: AbortSignal | undefined }} limits
   * @throws {Failure} with the last log lines when it ends or is not ready in time
   */
  async waitUntil(isReady, { deadlineMs, signal }) {
    const deadline = Date.now() + deadlineMs;
    while (!(await isReady())) {
      signal?.throwIfAborted();
      if (!this.running) {
        throw new Failure(`${this.name} did not start (${await this.ended}).`, this.logTail);
      }
      if (Date.now() >= deadline) {
        const limit = `${deadlineMs / 1000} s`;
        throw new Failure(`${this.name} was not ready within ${limit}.`, this.logTail);
      }
      await sleep(POLL_MS);
    }
  }

  /** @param {number} [graceMs] before it is forced to end */
  async stop(graceMs = this.#options.graceMs) {
    const { stopSignal, killSignal } = this.#options;
    signalProcess(this.#record, stopSignal);
    await Promise.race([this.ended, sleep(graceMs, undefined, { ref: false })]);
    await stopProcess(this.#record, killSignal, AFTER_KILL_MS);
    await Promise.race([this.ended, sleep(AFTER_KILL_MS, undefined, { ref: false })]);
  }
}

/**
 * @param {string} path
 * @returns {{ descriptor: number, offset: number }} opened for appending
 */
function openLog(path) {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) {
    renameSync(path, `${path}.1`);
  }
  const descriptor = openSync(path, 'a', 0o600);
  return { descriptor, offset: statSync(path).size };
}
