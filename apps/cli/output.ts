/** What a command found out: for people and for machines. */
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

/** Waits until a stream has taken everything: only then may the process exit. */
export async function flush(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
