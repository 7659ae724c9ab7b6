/** The result of a command, for people and for machines. */
export interface Report {
  text: string;
  data: Record<string, unknown>;
}

export interface OutputOptions {
  json?: boolean;
}

/** Prints the report to standard output, as text or as one line of JSON. */
export function print({ text, data }: Report, { json = false }: OutputOptions): void {
  process.stdout.write(`${json ? JSON.stringify(data) : text}\n`);
}

/** Writes, and waits until the stream has accepted the text, so that unread output does not pile up. */
export async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  await new Promise<void>((resolve) => stream.write(text, () => resolve()));
}

/** Waits until a stream has accepted all output. The process must not exit before. */
export async function flush(stream: NodeJS.WriteStream): Promise<void> {
  await write(stream, '');
}
