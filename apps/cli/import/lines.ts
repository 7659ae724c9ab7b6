/** Far more than the longest valid line. */
const MAX_LINE_BYTES = 16 * 1024;
const LINE_FEED = 0x0a;

/** A line of a file, without its line end. */
export interface Line {
  /** The first line is 1. */
  number: number;
  /** Null for a line that exceeds the limit. */
  bytes: Buffer | null;
}

/** Reads lines one by one. Memory holds one line, independent of the length of the file or of a line. */
export async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 1;
  let begun = Buffer.alloc(0);
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield toLine(number, Buffer.concat([begun, chunk.subarray(start, end)]));
      number += 1;
      start = end + 1;
      begun = Buffer.alloc(0);
    }
    // One byte beyond the limit is enough to detect a line that is too long.
    const rest = chunk.subarray(start, start + MAX_LINE_BYTES + 1 - begun.length);
    begun = Buffer.concat([begun, rest]);
  }
  if (begun.length > 0) {
    yield toLine(number, begun);
  }
}

function toLine(number: number, bytes: Buffer): Line {
  return { number, bytes: bytes.length > MAX_LINE_BYTES ? null : bytes };
}
