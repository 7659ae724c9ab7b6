import pino, { type DestinationStream } from 'pino';
import type { Settings } from '#libs/config';

/** Standard output, in the format that the settings name. */
export async function logOutput(format: Settings['logFormat']): Promise<DestinationStream> {
  const output = pino.destination(1);
  const toText = format === 'pretty' ? await textFormat() : undefined;
  return toText ? { write: (line) => output.write(toText(line)) } : output;
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
