import { hostname } from 'node:os';
import pino, { type DestinationStream, type Logger } from 'pino';
import { processTracer } from '#libs/tracing';

/** What the line of an answer says; what is undefined is left out. */
export interface AnswerLine {
  readonly requestId: string;
  readonly userId: string | undefined;
  readonly sessionId: string | undefined;
  readonly method: string;
  /** The pattern, never the URL: a client may have put a secret into that. */
  readonly route: string | undefined;
  readonly status: number;
  /** Of the problem that was answered. */
  readonly code: string | undefined;
  readonly ip: string | undefined;
  readonly durationMs: number;
}

/** Where every logger of pino keeps what it writes to. */
interface Streaming {
  readonly [pino.symbols.streamSym]: DestinationStream;
}

/**
 * Writes a line for each answer where the logger writes its own, and as it would. Not by the logger itself:
 * it puts a line together from some sixty pieces, which is a good part of a read's garbage.
 */
export function answerLog(logger: Logger): (line: AnswerLine) => void {
  if (!logger.isLevelEnabled('info')) {
    return () => undefined;
  }
  const { [pino.symbols.streamSym]: output } = logger as Logger & Streaming;
  const level = logger.levels.values.info;
  const { pid } = process;
  const host = hostname();
  return (line) => {
    const text = JSON.stringify({
      level,
      time: Date.now(),
      pid,
      hostname: host,
      requestId: line.requestId,
      userId: line.userId,
      sessionId: line.sessionId,
      method: line.method,
      route: line.route,
      status: line.status,
      code: line.code,
      ip: line.ip,
      durationMs: line.durationMs,
      traceId: processTracer().traceId(),
      msg: 'answered',
    });
    output.write(`${text}\n`);
  };
}
