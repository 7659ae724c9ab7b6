// @ts-check
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure.mjs';
import { identify, signalProcess, stopProcess } from './processes.mjs';

const LOG_LIMIT_BYTES = 10_000_000;
const TAIL_LINES = 15;
const POLL_MS = 50;
const AFTER_KILL_MS = 1_000;

/**
 * @typedef {object} ServerSettings
 * @property {number} graceMs how long it may take to end after the stop signal
 * @property {string | undefined} [logFile] takes what it prints; the terminal, unless told
 * @property {boolean} [withChannel] gives it an IPC channel, whose end tells that this process died
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number | undefined} [uid]
 * @property {number | undefined} [gid]
 * @property {((record: import('./processes.mjs').ProcessRecord) => void) | undefined} [onSpawn]
 */

/** @typedef {import('./processes.mjs').HowToStop & ServerSettings} ServerOptions */

/** A long-running child in a process group of its own, out of reach of the terminal's Ctrl-C. */
export class Server {
  #child;
  #id;
  #options;
  #logOffset;
  /** Why it ended: an exit code or a signal. Pending while it runs. @type {Promise<string>} */
  ended;
  running = true;

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {ServerOptions} options
   */
  static async spawn(command, args, options) {
    const server = new Server(command, args, options);
    const failure = await server.#spawned();
    if (failure !== undefined) {
      throw new Failure(`Cannot run ${command}: ${failure.message}.`);
    }
    return server;
  }

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {ServerOptions} options
   * @private
   */
  constructor(command, args, options) {
    const { name, stopSignal, killSignal, logFile, withChannel, onSpawn, cwd, env, uid, gid } =
      options;
    this.#options = options;
    const log = logFile === undefined ? undefined : openLog(logFile);
    this.#logOffset = log?.offset ?? 0;
    const output = log?.descriptor ?? 'inherit';
    this.#child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', output, output, ...(withChannel ? [/** @type {const} */ ('ipc')] : [])],
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    if (log !== undefined) {
      closeSync(log.descriptor);
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.running = false;
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
    this.#id = identify(this.#child.pid ?? 0);
    if (this.#child.pid !== undefined) {
      const record = { ...this.#id, name, stopSignal, killSignal };
      onSpawn?.(record);
      noteInProcessList(record);
    }
  }

  get name() {
    return this.#options.name;
  }

  get pid() {
    return this.#id.pid;
  }

  /** What it has printed into its log file since it was started. */
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
    signalProcess(this.#id, stopSignal);
    await Promise.race([this.ended, sleep(graceMs, undefined, { ref: false })]);
    await stopProcess(this.#id, killSignal, AFTER_KILL_MS);
    await Promise.race([this.ended, sleep(AFTER_KILL_MS, undefined, { ref: false })]);
  }

  /** @returns {Promise<Error | undefined>} why it could not be run */
  #spawned() {
    return new Promise((resolve) => {
      this.#child.once('spawn', () => resolve(undefined));
      this.#child.once('error', resolve);
    });
  }
}

/**
 * The process list lets the test runner stop what an interrupted test left behind.
 * @param {import('./processes.mjs').ProcessRecord} record
 */
export function noteInProcessList(record) {
  const { LATCHKEY_PROCESS_LIST: list } = process.env;
  if (list) {
    appendFileSync(list, `${JSON.stringify(record)}\n`);
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
