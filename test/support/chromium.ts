import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { Server } from '../../tools/local/server.mjs';
import { programOfPackage } from './debian-package';
import { newFolder } from './stores';

const READY_DEADLINE_MS = 30_000;
const STOP_GRACE_MS = 3_000;

export interface Tab {
  /** A command of the DevTools protocol. @returns its result */
  command<T>(method: string, params?: object): Promise<T>;
  /** The value of an expression, or of the promise that it is. */
  evaluate<T>(expression: string): Promise<T>;
  /** What the tab shows, as a PNG. */
  screenshot(): Promise<Buffer>;
}

export interface TestChromium {
  /** Opens a page in a tab of its own, until it has loaded. Tabs share the storage of their origin. */
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
      const response = await fetch(`http://${origin}/json/new?about:blank`, { method: 'PUT' });
      const { webSocketDebuggerUrl } = (await response.json()) as { webSocketDebuggerUrl: string };
      const socket = new WebSocket(webSocketDebuggerUrl);
      sockets.push(socket);
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      const tab = new DevToolsTab(socket);
      await tab.command('Page.enable');
      const loaded = tab.next((message) => message.method === 'Page.loadEventFired');
      await tab.command('Page.navigate', { url });
      await loaded;
      return tab;
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

/** An answer, which has an id, or an event, which has a method. */
interface Message {
  id?: number;
  method?: string;
  result?: unknown;
  error?: unknown;
}

interface Evaluation {
  result: { value?: unknown };
  exceptionDetails?: unknown;
}

/** A tab, by the DevTools protocol. */
class DevToolsTab implements Tab {
  private lastId = 0;

  constructor(private readonly socket: WebSocket) {}

  async command<T>(method: string, params: object = {}): Promise<T> {
    this.lastId += 1;
    const id = this.lastId;
    const answer = this.next((message) => message.id === id);
    this.socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error !== undefined) {
      throw new Error(`${method}: ${JSON.stringify(error)}`);
    }
    return result as T;
  }

  async evaluate<T>(expression: string): Promise<T> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.command<Evaluation>('Runtime.evaluate', params);
    if (exceptionDetails) {
      throw new Error(`the page threw ${JSON.stringify(exceptionDetails)}`);
    }
    return result.value as T;
  }

  async screenshot(): Promise<Buffer> {
    const params = { format: 'png' };
    const { data } = await this.command<{ data: string }>('Page.captureScreenshot', params);
    return Buffer.from(data, 'base64');
  }

  /** The next message that a test of it accepts. */
  next(isIt: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      const read = (data: Buffer) => {
        const message = JSON.parse(data.toString('utf8')) as Message;
        if (isIt(message)) {
          this.socket.off('message', read);
          resolve(message);
        }
      };
      this.socket.on('message', read);
    });
  }
}
