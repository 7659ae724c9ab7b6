import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { keys } from './keys';

/** `1700000000.000000 [0 127.0.0.1:6000] "get" "key"`; the source of commands of a script is `lua`. */
const LINE = /^\+?[\d.]+ \[\d+ ([^\]]+)\] (.*)$/;
const ARGUMENT = /"((?:[^"\\]|\\.)*)"/g;

/** The commands of the synchroniser, whose first key is the checkpoint, run all the time. */
function isBackground([command = '', ...args]: string[]): boolean {
  return (/^eval(sha)?$/i.test(command) ? args[2] : args[0]) === keys.checkpoint(0);
}

/**
 * Counts commands of clients to a Redis, by its own MONITOR: commands that a script runs inside the
 * server do not count, nor do those of the counting connection, of the background, or of connecting.
 */
export class CommandCounter {
  private seen: string[] = [];

  private constructor(
    private readonly monitor: Socket,
    private readonly marker: Redis,
  ) {
    createInterface({ input: monitor }).on('line', (line) => this.note(line));
  }

  static async start(url: string): Promise<CommandCounter> {
    const { hostname, port } = new URL(url);
    const monitor = connect(Number(port), hostname);
    await once(monitor, 'connect');
    const counter = new CommandCounter(monitor, new Redis(url));
    monitor.write('MONITOR\r\n');
    await counter.flush();
    return counter;
  }

  /** The names of the commands that arrived while `work` ran. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    await this.flush();
    await work();
    return (await this.flush()).map((command) => command.split(' ')[0]!.toLowerCase());
  }

  stop(): void {
    this.monitor.destroy();
    this.marker.disconnect();
  }

  private note(line: string): void {
    const [, source, command = ''] = LINE.exec(line) ?? [];
    const args = [...command.matchAll(ARGUMENT)].map(([, argument = '']) => argument);
    if (source !== undefined && source !== 'lua' && !isBackground(args)) {
      this.seen.push(args.join(' '));
    }
  }

  /** Waits until all earlier commands were reported: Redis reports in order. */
  private async flush(): Promise<string[]> {
    const mark = `mark-${String(Math.random())}`;
    while (!this.seen.some((command) => command.includes(mark))) {
      await this.marker.echo(mark);
    }
    const commands = this.seen.filter((command) => !/mark-|^info$|^client/i.test(command));
    this.seen = [];
    return commands;
  }
}
