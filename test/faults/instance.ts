import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { identify, noteProcess, stopProcess } from '../../tools/local/processes.mjs';
import { quickStart } from '../support/quick-start';
import { logFolder } from '../support/run-logs';
import { until } from '../support/until';
import { wholeLines } from '../support/whole-lines';
import type { Planting } from './bugs/buggy-main';
import { stablePort } from './stable-port';
import type { ClockStep } from './shiftable-clock';

export const JWT_SECRET = 'a secret of the tests, long enough';
const LAUNCHER = join(ROOT, 'test', 'faults', 'launch.mjs');
const PROBE_DEADLINE_MS = 2_000;
const TAIL_LINES = 15;
const LEAD_MS = 2_000;
const MOST_LINES = 40;
const ERROR_LINE = '{"level":50,';

export interface InstanceOptions {
  /** The name under which its answers are recorded. */
  name: string;
  databaseUrl: string;
  redisUrl: string;
  env?: Record<string, string>;
  /** Name of a bug of `bugs/index.ts` to plant. */
  bug?: string | undefined;
}

/** The readiness of an instance; null when it does not answer. */
export interface Readiness {
  status: number;
  /** Whether its Redis is in sync. */
  redisIsUp: boolean;
}

/** The API as a process of its own, always on the same port. */
export class Instance {
  private child: ChildProcess | undefined;
  private readonly logFile: string;

  private constructor(
    private readonly options: InstanceOptions,
    readonly port: number,
    private readonly folder: string,
  ) {
    this.logFile = join(folder, `${options.name}.log`);
  }

  /** Starts it and waits until it answers. */
  static async start(options: InstanceOptions): Promise<Instance> {
    // LATCHKEY_FAULT_LOGS names a folder that keeps the logs of instances.
    const kept = process.env.LATCHKEY_FAULT_LOGS;
    const folder = mkdtempSync(join(kept ?? logFolder(), 'instance-'));
    const instance = new Instance(options, await stablePort(), folder);
    await instance.start();
    return instance;
  }

  get name(): string {
    return this.options.name;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /** What it logged from 2 s before a request, which explains its answer. */
  logBefore({ startMs, endMs }: { startMs: number; endMs: number }): string {
    const at = (line: string) => (JSON.parse(line) as { time: number }).time;
    return wholeLines(readFileSync(this.logFile, 'utf8'))
      .filter((line) => line.startsWith('{'))
      .filter((line) => at(line) >= performance.timeOrigin + startMs - LEAD_MS)
      .filter((line) => at(line) <= performance.timeOrigin + endMs + 1)
      .slice(-MOST_LINES)
      .join('\n');
  }

  /** The errors in its log, and its last lines. */
  get logTail(): string {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n');
    const errors = lines.slice(0, -TAIL_LINES).filter((line) => line.startsWith(ERROR_LINE));
    return [...errors.slice(-TAIL_LINES), ...lines.slice(-TAIL_LINES)].join('\n');
  }

  /** Starts it again after a kill. */
  async start(): Promise<void> {
    const log = openSync(this.logFile, 'a');
    const bug = this.options.bug === undefined ? [] : [this.options.bug];
    const child = spawn(
      process.execPath,
      ['--conditions=latchkey-source', ...quickStart(), LAUNCHER, ...bug],
      // A folder without an .env.
      { cwd: this.folder, env: this.environment(), stdio: ['ignore', log, log, 'ipc'] },
    );
    closeSync(log);
    await once(child, 'spawn');
    const hows = { stopSignal: 'SIGTERM', killSignal: 'SIGKILL' } as const;
    noteProcess(child.pid!, { name: `Instance ${this.name}`, ...hows });
    child.once('exit', () => (this.child = undefined));
    this.child = child;
    await until(`instance ${this.name} answers`, () => {
      if (!this.isRunning) {
        throw new Error(`instance ${this.name} did not start:\n${this.logTail}`);
      }
      return this.answers();
    });
  }

  /** SIGKILL: requests in flight get no answer. */
  async kill(): Promise<void> {
    if (this.child) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
  }

  /** SIGSTOP: the system still accepts connections and bytes for it. */
  suspend(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** SIGTERM. @returns its exit code; null when a signal ended it. */
  async terminate(): Promise<number | null> {
    if (!this.child) {
      return 0;
    }
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    return code;
  }

  /** Makes its wall clock jump, and waits until it has. */
  async stepClock(stepClockMs: number): Promise<void> {
    await this.tell({ stepClockMs });
  }

  /** Makes an instance that was started with a bug continue with another one. */
  async plant(plantBug: string): Promise<void> {
    await this.tell({ plantBug });
  }

  async readiness(): Promise<Readiness | null> {
    try {
      const signal = AbortSignal.timeout(PROBE_DEADLINE_MS);
      const response = await fetch(`${this.origin}/health/ready`, { signal });
      const body = (await response.json()) as { details?: { redis?: { status?: string } } };
      return { status: response.status, redisIsUp: body.details?.redis?.status === 'up' };
    } catch {
      return null;
    }
  }

  /** Ends the process in any state. */
  async stop(): Promise<void> {
    const pid = this.child?.pid;
    if (pid !== undefined) {
      await stopProcess(identify(pid), 'SIGKILL', PROBE_DEADLINE_MS);
    }
  }

  /** Resolves when it has confirmed the message. */
  private async tell(message: ClockStep | Planting): Promise<void> {
    if (!this.child) {
      throw new Error(`instance ${this.name} is not running`);
    }
    const confirmed = once(this.child, 'message');
    this.child.send(message);
    await confirmed;
  }

  private async answers(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(PROBE_DEADLINE_MS);
      const response = await fetch(`${this.origin}/health/live`, { signal });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  private environment(): Record<string, string> {
    const { databaseUrl, redisUrl, env } = this.options;
    return {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: String(this.port),
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      JWT_SECRET,
      LOG_LEVEL: 'warn',
      LOG_FORMAT: 'json',
      RATE_LIMIT: 'off',
      JOBS_ENABLED: 'false',
      AVATAR_DIR: join(this.folder, 'avatars'),
      SHUTDOWN_DELAY: '1s',
      ...env,
    };
  }
}
