import { Redis } from 'ioredis';
import { syncKeys } from '../../libs/sync';

/** What keeps Redis up to date runs all the time; its first key is the position. */
function isBackground([command = '', ...args]: string[]): boolean {
  return (/^eval(sha)?$/i.test(command) ? args[2] : args[0]) === syncKeys.position;
}

/**
 * Counts what clients send to a Redis, by its own MONITOR: commands that a script runs inside the
 * server do not count, nor do those of the counting connection.
 */
export class CommandCounter {
  private seen: string[] = [];

  private constructor(
    private readonly monitor: Redis,
    private readonly marker: Redis,
  ) {
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (source !== 'lua' && !isBackground(args)) {
        this.seen.push(args.join(' '));
      }
    });
  }

  static async start(url: string): Promise<CommandCounter> {
    const marker = new Redis(url);
    return new CommandCounter(await marker.monitor(), marker);
  }

  /** The names of the commands that arrived while `work` ran. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    await this.flush();
    await work();
    return (await this.flush()).map((command) => command.split(' ')[0]!.toLowerCase());
  }

  stop(): void {
    this.monitor.disconnect();
    this.marker.disconnect();
  }

  /** Waits until everything sent so far was reported: Redis reports in order. */
  private async flush(): Promise<string[]> {
    const mark = `mark-${String(Math.random())}`;
    await this.marker.echo(mark);
    while (!this.seen.some((command) => command.includes(mark))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const commands = this.seen.filter((command) => !command.includes('mark-'));
    this.seen = [];
    return commands;
  }
}
