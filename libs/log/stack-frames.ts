/** Code that was evaluated from a string. */
const INLINE_SOURCE = /data:\S*(?=:\d+:\d+\)?$)/;

const FRAME = /^\s+at .*(?::\d+:\d+|<anonymous>|native)\)?$/;

/**
 * The frames at the end of a stack, without its message, which may quote data.
 * @returns undefined without frames.
 */
export function stackFrames(stack: unknown, message = ''): string | undefined {
  if (typeof stack !== 'string') {
    return undefined;
  }
  // A message of several lines may look like frames.
  const lines = stack.slice(endOf(message, stack)).split('\n');
  const frames: string[] = [];
  for (const line of lines.reverse()) {
    if (!FRAME.test(line)) {
      break;
    }
    frames.unshift(line.replace(INLINE_SOURCE, 'data:'));
  }
  return frames.length > 0 ? frames.join('\n') : undefined;
}

function endOf(message: string, stack: string): number {
  const at = message === '' ? -1 : stack.indexOf(message);
  return at < 0 ? 0 : at + message.length;
}

/** The frames above a function, without those of Node. */
export function callSite(above: (...args: never[]) => unknown): string | undefined {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, above);
  return stackFrames(holder.stack?.replace(/^\s+at .*\(node:.*\n/gm, ''));
}
