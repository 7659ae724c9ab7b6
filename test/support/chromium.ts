import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { Server } from '../../tools/local/server.mjs';
import { programOfPackage } from './debian-package';
import { newFolder } from './stores';

const READY_DEADLINE_MS = 30_000;
const STOP_GRACE_MS = 3_000;

export interface Tab {
  /** The value of an expression, or of the promise that it is. */
  evaluate<T>(expression: string): Promise<T>;
  /** What the tab shows, as a PNG. */
  screenshot(): Promise<Buffer>;
}

export interface TestChromium {
  /** Opens a page in a tab of its own. Tabs share the storage of their origin. */
  open(url: string): Promise<Tab>;
  stop(): Promise<void>;
}

/**
 * A real Chromium without a window. Installs it by apt where it is missing and that is possible.
 * @param more further arguments of the program.
 */
export async function startChromium(...more: string[]): Promise<TestChromium> {
  const program = await programOfPackage('chromium', 'chromium');
  const folder = newFolder('chromium-');
  const portFile = join(folder, 'DevToolsActivePort');
  const server = await Server.spawn(
    program,
    [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      ...['--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${folder}`],
      ...more,
    ],
    {
      name: 'chromium',
      stopSignal: 'SIGTERM',
      killSignal: 'SIGKILL',
      graceMs: STOP_GRACE_MS,
      logFile: join(folder, 'chromium.log'),
    },
  );
  const written = () => Promise.resolve(existsSync(portFile) && portOf(portFile) !== '');
  await server.waitUntil(written, { deadlineMs: READY_DEADLINE_MS });
  const origin = `127.0.0.1:${portOf(portFile)}`;
  const sockets: WebSocket[] = [];
  return {
    async open(url) {
      const target = `http://${origin}/json/new?${encodeURIComponent(url)}`;
      const response = await fetch(target, { method: 'PUT' });
      const { webSocketDebuggerUrl } = (await response.json()) as { webSocketDebuggerUrl: string };
      const socket = new WebSocket(webSocketDebuggerUrl);
      sockets.push(socket);
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      return new DevToolsTab(socket);
    },
    async stop() {
      sockets.forEach((socket) => socket.terminate());
      await server.stop();
    },
  };
}

/** The first line of the file; empty while Chromium writes it. */
function portOf(file: string): string {
  const [port = ''] = readFileSync(file, 'utf8').split('\n');
  return port;
}

/** An answer of the DevTools protocol. */
interface Message<Result> {
  id: number;
  result: Result;
}

interface Evaluation {
  result: { value?: unknown };
  exceptionDetails?: unknown;
}

/** A tab, by the DevTools protocol. */
class DevToolsTab implements Tab {
  private lastId = 0;

  constructor(private readonly socket: WebSocket) {}

  async evaluate<T>(expression: string): Promise<T> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.ask<Evaluation>('Runtime.evaluate', params);
    if (exceptionDetails) {
      throw new Error(`the page threw ${JSON.stringify(exceptionDetails)}`);
    }
    return result.value as T;
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.ask<{ data: string }>('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }

  private async ask<Result>(method: string, params: object): Promise<Result> {
    this.lastId += 1;
    const id = this.lastId;
    const answer = new Promise<Result>((resolve) => {
      const read = (data: Buffer) => {
        const message = JSON.parse(data.toString('utf8')) as Message<Result>;
        if (message.id === id) {
          this.socket.off('message', read);
          resolve(message.result);
        }
      };
      this.socket.on('message', read);
    });
    this.socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }
}
