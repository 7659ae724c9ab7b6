import { linesOf, type Line } from './lines';

async function read(...chunks: (string | Buffer)[]): Promise<Line[]> {
  async function* input() {
    for (const chunk of chunks) {
      yield await Promise.resolve(Buffer.from(chunk));
    }
  }
  const lines: Line[] = [];
  for await (const line of linesOf(input())) {
    lines.push(line);
  }
  return lines;
}

const texts = (lines: Line[]) =>
  lines.map(({ number, bytes }) => [number, bytes?.toString() ?? null]);

describe('lines', () => {
  it('are found at every chunk boundary', async () => {
    const expected = [
      [1, 'one'],
      [2, ''],
      [3, 'three'],
    ];
    expect(texts(await read('one\n\nthree\n'))).toEqual(expected);
    expect(texts(await read('one\n\nthree'))).toEqual(expected);
    expect(texts(await read(...'one\n\nthree'))).toEqual(expected);
    expect(texts(await read('on', 'e', '\n', '\nth', 'ree\n'))).toEqual(expected);
    expect(await read()).toEqual([]);
    expect(await read('')).toEqual([]);
  });

  it('keep characters that a chunk boundary divides', async () => {
    const bytes = Buffer.from('pä🔑\n');
    const lines = await read(...Array.from(bytes, (byte) => Buffer.of(byte)));
    expect(texts(lines)).toEqual([[1, 'pä🔑']]);
  });

  it('are null when they are too long, and the next line is read', async () => {
    const longest = 'x'.repeat(16 * 1024);
    const endless = Array<string>(100).fill(longest);
    expect(texts(await read(longest, '\n', longest, 'x\n', ...endless, '\nend'))).toEqual([
      [1, longest],
      [2, null],
      [3, null],
      [4, 'end'],
    ]);
    expect(texts(await read(...endless))).toEqual([[1, null]]);
  });
});
