import { types } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';
import { errorText, serializeError, stackFrames } from '#libs/log';

/** Contexts of Nest that log each module and route at the start. They are logged at `debug`. */
const CHATTY = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** Writes Nest's log calls to the structured log that Fastify uses. */
export class PinoLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(CHATTY.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes the context last; a call may pass fields first and its message second. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = rest.at(-1);
    const details = rest
      .slice(0, -1)
      .filter((detail) => detail !== undefined)
      .map(detailOf);
    if (types.isNativeError(message)) {
      this.pino[level]({ context, err: serializeError(message) }, errorText(message));
    } else if (typeof message === 'object' && message !== null) {
      this.pino[level]({ context, ...message }, details.map(String).join(' '));
    } else {
      this.pino[level]({ context, ...(details.length > 0 && { details }) }, String(message));
    }
  }
}

/** Nest passes an error's stack as text; its first line is the message. */
function detailOf(detail: unknown): unknown {
  if (types.isNativeError(detail)) {
    return errorText(detail);
  }
  return typeof detail === 'string' ? (stackFrames(detail) ?? detail) : detail;
}
