import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyCheckout } from '../../tools/local/checkout-copy.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { noteProcess, readProcessList, type ProcessRecord } from '../../tools/local/processes.mjs';
import { LogFile } from '../support/run-logs';
import { until } from '../support/until';

const ROOT = resolve(__dirname, '../..');
const READY_LINE = 'Latchkey is ready.';
const EXIT_DEADLINE_MS = 15_000;

/** A run of `node tools/start.mjs`. */
export interface StartRun {
  readonly child: ChildProcess;
  /** Its output so far. */
  text(): string;
  /** Whether it is ready, and has not ended. */
  serves(): boolean;
  /** Ends with the exit code, or with the signal that killed it. */
  exited(): Promise<number | NodeJS.Signals>;
}

/**
 * A copy of this checkout in a temporary folder that only its owner may enter, as a fresh clone
 * often is. It shares the installed packages.
 */
export class CheckoutCopy {
  readonly dir = mkdtempSync(join(tmpdir(), 'latchkey-start-'));
  private readonly runs: StartRun[] = [];

  private constructor(readonly port: number) {
    refuseToReinstall();
    copyCheckout(this.dir, { withBuild: true });
  }

  static async create(): Promise<CheckoutCopy> {
    return new CheckoutCopy(await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it, or another program of the checkout, without waiting. */
  run(env: NodeJS.ProcessEnv = {}, program = join('tools', 'start.mjs')): StartRun {
    const child = spawn(process.execPath, [program], {
      cwd: this.dir,
      env: { ...bareEnvironment(), PORT: String(this.port), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const run = observe(child);
    this.runs.push(run);
    return run;
  }

  /** The run that serves. Starts one where there is none, and waits until it is ready. */
  async running(): Promise<StartRun> {
    return this.runs.find((run) => run.serves()) ?? this.start();
  }

  private async start(): Promise<StartRun> {
    const run = this.run();
    await until(
      'npm start is ready',
      () => {
        if (run.child.exitCode !== null) {
          throw new Error(`npm start ended:\n${run.text()}`);
        }
        return run.text();
      },
      (text) => text.includes(READY_LINE),
    );
    return run;
  }

  /** The processes that the last start noted beside its lock. */
  children(): ProcessRecord[] {
    return readProcessList(join(this.dir, '.data', 'start.lock.children'));
  }

  /** Ends what runs. */
  async stop(): Promise<void> {
    for (const { child, exited } of this.runs.splice(0)) {
      child.kill('SIGTERM');
      await exited();
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** npm ci in the copy would empty the packages of this checkout, which the copy shares. */
function refuseToReinstall(): void {
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const stamp = join(ROOT, 'node_modules', '.latchkey-lock-hash');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    throw new Error('The installed packages are not those of package-lock.json: run npm test.');
  }
}

/** Without the settings and stores of the person who runs the tests. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG, LATCHKEY_PROCESS_LIST } = process.env;
  return { PATH, HOME, LANG, LATCHKEY_PROCESS_LIST };
}

/** What an example tells its reader to type is no log line: the log is searched for secrets. */
const PRINTED_COMMANDS = /^(?:TOKEN=|curl ).*$/gm;

function observe(child: ChildProcess): StartRun {
  let text = '';
  const file = new LogFile('start');
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      file.write(chunk.replace(PRINTED_COMMANDS, '(a command)'));
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolveEnd) => {
    child.once('close', (code, signal) => resolveEnd(signal ?? code ?? -1));
  });
  noteProcess(child.pid ?? 0, { name: 'start', stopSignal: 'SIGTERM', killSignal: 'SIGKILL' });
  return {
    child,
    text: () => text,
    serves: () => text.includes(READY_LINE) && child.exitCode === null && child.signalCode === null,
    exited: () => withDeadline(ended, () => `npm start did not end:\n${text}`),
  };
}

async function withDeadline<T>(promise: Promise<T>, complaint: () => string): Promise<T> {
  const timer = new AbortController();
  const overdue = sleep(EXIT_DEADLINE_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(complaint());
  });
  try {
    return await Promise.race([promise, overdue]);
  } finally {
    overdue.catch(() => undefined);
    timer.abort();
  }
}
