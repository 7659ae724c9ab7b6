import pino, { type DestinationStream } from 'pino';
import type { Settings } from '#libs/config';

/** Milliseconds for which the line of an answer waits for others to be written with it. */
const GATHERING_MS = 20;

/** Where lines of the log go. */
export interface LogOutput extends DestinationStream {
  /** Writes a line that nobody waits for, and that is one of many. */
  gather?(line: string): void;
}

/** Standard output, in the format that the settings name. */
export async function logOutput(format: Settings['logFormat']): Promise<LogOutput> {
  const output = together();
  const toText = format === 'pretty' ? await textFormat() : undefined;
  return toText ? { write: (line) => output.write(toText(line)) } : output;
}

/**
 * Writes lines together, at the end of the turn of the event loop or a moment later: a system call for each
 * would cost more than all that leads to the line. A process that is killed loses those of its last moment;
 * one that ends by itself, or by an error that nobody caught, loses nothing.
 */
function together(): LogOutput & { flushSync(): void } {
  const output = pino.destination(1);
  let lines = '';
  let atTurnEnd: NodeJS.Immediate | undefined;
  let later: NodeJS.Timeout | undefined;
  const flushSync = () => {
    const due = lines;
    lines = '';
    atTurnEnd = undefined;
    later = undefined;
    if (due !== '') {
      output.write(due);
    }
  };
  // Before pino closes what it writes to.
  process.prependListener('exit', flushSync);
  return {
    write(line) {
      lines += line;
      atTurnEnd ??= setImmediate(flushSync);
    },
    gather(line) {
      lines += line;
      later ??= setTimeout(flushSync, GATHERING_MS).unref();
    },
    flushSync,
  };
}

/** For people. Lines stay JSON where the package is missing: it comes for development only. */
async function textFormat(): Promise<((line: string) => string) | undefined> {
  try {
    const { prettyFactory } = await import('pino-pretty');
    return prettyFactory({
      singleLine: true,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'pid,hostname,context',
      messageFormat: '{if context}{context}: {end}{msg}',
    });
  } catch {
    return undefined;
  }
}
