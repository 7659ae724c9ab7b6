import type { Logger } from 'pino';
import { callSite, errorText, serializeError } from '#libs/log';

/** Kinds of warnings of Node whose text names functions and settings, never data. */
const WARNINGS = new Set([
  'DeprecationWarning',
  'ExperimentalWarning',
  'MaxListenersExceededWarning',
  'TimeoutNaNWarning',
  'TimeoutNegativeWarning',
  'TimeoutOverflowWarning',
  'Warning',
]);

/** Texts that libraries are known to print, up to the part that may quote data. */
const KNOWN_OUTPUT =
  /^(?:\[(?:ioredis|WARN|ERROR)\] [\w ,.'-]+|Skipping the ready check because INFO command fails)/;

/**
 * Writes to the log all output that would otherwise appear between its lines: the prints of libraries, warnings of
 * Node, and the error that ends a process. Texts that may quote data are withheld. The native output of Node when it
 * aborts, such as out of memory, stays as it is.
 * @param logger writes to the file descriptor, not to `process.stdout`.
 */
export function logProcessOutput(logger: Logger): void {
  takeOver(process.stdout, 'standard output', logger);
  takeOver(process.stderr, 'standard error', logger);
  // Node's own listener prints them.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logWarning(warning, logger));
  // Also called for an unhandled rejection.
  process.on('uncaughtException', (error, origin) => {
    const context = 'Process';
    logger.fatal(
      { context, origin, err: serializeError(error) },
      'uncaught error: the process ends',
    );
    process.exit(1);
  });
}

function takeOver(stream: NodeJS.WriteStream, name: string, logger: Logger): void {
  const write = (chunk: unknown, ...rest: unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : '';
    logger.warn(
      { context: 'Process', stack: callSite(write) },
      `a library wrote to ${name}: ${KNOWN_OUTPUT.exec(text)?.[0] ?? 'text withheld'}`,
    );
    const done = rest.at(-1);
    if (typeof done === 'function') {
      process.nextTick(done);
    }
    return true;
  };
  stream.write = write;
}

function logWarning(warning: Error & { code?: unknown }, logger: Logger): void {
  const { name, message } = warning;
  const text = WARNINGS.has(name) ? message : errorText(warning);
  logger.warn({ context: 'Process', err: serializeError(warning) }, `warning of Node: ${text}`);
}
