import { join } from 'node:path';
import { ROOT } from '../../tools/local/paths.mjs';
import { freePort } from '../../tools/local/ports.mjs';
import { identify, isAlive } from '../../tools/local/processes.mjs';
import { Server } from '../../tools/local/server.mjs';
import { HttpClient } from './http-client';
import { quickStart } from './quick-start';
import { newLogFile } from './run-logs';
import { sharedStores } from './shared-stores';
import { until } from './until';
import { wholeLines } from './whole-lines';

const MAIN = join(ROOT, 'dist', 'apps', 'api', 'main.js');

const FATAL = 60;

/** Tracing changes packages while they are loaded. */
const loading = (env: Record<string, string>) =>
  Object.keys(env).some((name) => name.startsWith('OTEL_')) ? [] : quickStart();

/** The built API in a process of its own, which may or may not be serving yet. */
export class ApiProcess {
  readonly http: HttpClient;
  private readonly id: ReturnType<typeof identify>;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    this.http = new HttpClient(`http://127.0.0.1:${port}`);
    this.id = identify(server.pid);
  }

  /** Runs it with these settings alone, on a free port, without waiting. */
  static async spawn(env: Record<string, string>): Promise<ApiProcess> {
    const { folder } = sharedStores();
    const port = await freePort();
    const server = await Server.spawn(process.execPath, [...loading(env), MAIN], {
      name: 'The API',
      stopSignal: 'SIGKILL',
      killSignal: 'SIGKILL',
      graceMs: 0,
      logFile: newLogFile('api'),
      // A folder without an .env.
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'test',
        LOG_FORMAT: 'json',
        RATE_LIMIT: 'off',
        // A job that is due would run into the faults of a test.
        JOBS_ENABLED: 'false',
        CANARY: 'off',
        // A start takes a sixth less time without them.
        DOCS: 'off',
        JWT_SECRET: 'a secret of the tests, long enough',
        PORT: String(port),
        ...env,
      },
    });
    return new ApiProcess(server, port);
  }

  get pid(): number {
    return this.server.pid;
  }

  /** Its whole output. */
  get output(): string {
    return this.server.log;
  }

  /** The messages of its log lines of one level. */
  logged(level: 'info' | 'warn' | 'error'): string[] {
    const code = { info: 30, warn: 40, error: 50 }[level];
    return this.lines.filter((line) => line.level === code).map(({ msg }) => msg);
  }

  /** The log lines with this message. */
  loggedAs(msg: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line.msg === msg);
  }

  /** Its output beside the log: why it could not start. */
  get complaint(): string {
    return this.output
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? startFailureIn(line) : [line]))
      .join('\n');
  }

  get isAlive(): boolean {
    return isAlive(this.id);
  }

  /** Resolves with `exit code <n>` or `signal <name>`. */
  get ended(): Promise<string> {
    return this.server.ended;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.server.pid, signal);
  }

  /** @throws Failure with its last output, when it ends before it serves */
  async untilServing(): Promise<this> {
    await this.server.waitUntil(() => this.serves(), { deadlineMs: 60_000 });
    return this;
  }

  async untilRefusingConnections(): Promise<void> {
    await until('the process refuses connections', () => this.serves(), false);
  }

  /** For the end of a test, in any state of the process. */
  kill(): Promise<void> {
    return this.server.stop();
  }

  private get lines(): { level: number; msg: string; [field: string]: unknown }[] {
    return wholeLines(this.output)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { level: number; msg: string });
  }

  private async serves(): Promise<boolean> {
    try {
      return (
        (await this.http.get('/health/live', { headers: { connection: 'close' } })).status === 200
      );
    } catch {
      return false;
    }
  }
}

function startFailureIn(line: string): string[] {
  const { level, context, msg } = JSON.parse(line) as Record<string, unknown>;
  return level === FATAL && context === 'Start' ? [String(msg)] : [];
}
