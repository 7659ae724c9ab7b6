/** A message, and in it or behind it another. */
export interface Framing {
  title: string;
  /** @param smuggled a request that a parser finds if it sees the end of the message elsewhere. */
  message(smuggled: string): string;
}

const PUBLIC = 'POST /api/auth/login HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n';
const GET = 'GET /health/live HTTP/1.1\r\nHost: test\r\n';

const lengthOf = (text: string) => Buffer.byteLength(text, 'latin1');
const chunked = (text: string) => `${lengthOf(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;

/** With headers of the framing in question, and a body that is the smuggled request. */
const withHeaders =
  (...headers: string[]) =>
  (smuggled: string) =>
    `${PUBLIC}${headers.map((header) => `${header}\r\n`).join('')}\r\n${smuggled}`;

/** The same, with a chunked body that ends before the smuggled request. */
const emptyChunked =
  (...headers: string[]) =>
  (smuggled: string) =>
    `${PUBLIC}${headers.map((header) => `${header}\r\n`).join('')}\r\n0\r\n\r\n${smuggled}`;

const TWO_ANSWERS_TO_LENGTH: [title: string, message: Framing['message']][] = [
  [
    'Content-Length before Transfer-Encoding',
    emptyChunked('Content-Length: 4', 'Transfer-Encoding: chunked'),
  ],
  [
    'Transfer-Encoding before Content-Length',
    emptyChunked('Transfer-Encoding: chunked', 'Content-Length: 4'),
  ],
  ['two lengths', withHeaders('Content-Length: 0', 'Content-Length: 4')],
  ['the same length twice', withHeaders('Content-Length: 0', 'Content-Length: 0')],
  ['two lengths in a list', withHeaders('Content-Length: 0, 4')],
  ['a negative length', withHeaders('Content-Length: -1')],
  ['a length with a plus', withHeaders('Content-Length: +0')],
  ['a hexadecimal length', withHeaders('Content-Length: 0x0')],
  ['a length with a fraction', withHeaders('Content-Length: 0.0')],
  ['an exponent for a length', withHeaders('Content-Length: 0e1')],
  ['words for a length', withHeaders('Content-Length: none')],
  ['an empty length', withHeaders('Content-Length:')],
  ['a length beyond all numbers', withHeaders('Content-Length: 99999999999999999999')],
  ['a length with a space in it', withHeaders('Content-Length: 0 4')],
  ['a space before the colon of a length', withHeaders('Content-Length : 0')],
  ['a length on a folded line', withHeaders('Content-Length:', ' 0')],
  ['a null character in a length', withHeaders('Content-Length: 0\0')],
  ['a length behind a bare line feed', withHeaders('X: y\nContent-Length: 4')],
  ['a length behind a bare carriage return', withHeaders('X: y\rContent-Length: 4')],
];

const ODD_ENCODINGS: [title: string, message: Framing['message']][] = [
  'chunked, identity',
  'identity, chunked',
  'identity',
  'xchunked',
  'chunked, chunked',
  'gzip, chunked',
  'chunked;q=1',
  'chunked\0',
  '"chunked"',
  'chunk',
  '\x0bchunked',
  'chu nked',
  ',chunked',
  'chunked,',
  '',
].map((encoding) => [
  `the encoding ${JSON.stringify(encoding)}`,
  emptyChunked(`Transfer-Encoding: ${encoding}`),
]);

const ODD_ENCODING_LINES: [title: string, message: Framing['message']][] = [
  ['a space before the colon of an encoding', emptyChunked('Transfer-Encoding : chunked')],
  ['a tab before the colon of an encoding', emptyChunked('Transfer-Encoding\t: chunked')],
  ['a space before an encoding', emptyChunked('X: y', ' Transfer-Encoding: chunked')],
  ['an encoding on a folded line', emptyChunked('Transfer-Encoding:', ' chunked')],
  ['two encodings', emptyChunked('Transfer-Encoding: identity', 'Transfer-Encoding: chunked')],
  ['an encoding behind a bare line feed', emptyChunked('X: y\nTransfer-Encoding: chunked')],
];

const inChunks =
  (chunks: (smuggled: string) => string) =>
  (smuggled: string): string =>
    `${PUBLIC}Transfer-Encoding: chunked\r\n\r\n${chunks(smuggled)}`;

const ODD_CHUNKS: [title: string, message: Framing['message']][] = [
  ['a negative chunk', inChunks((smuggled) => `-1\r\n\r\n${smuggled}`)],
  ['a chunk of 0x', inChunks((smuggled) => `0x0\r\n\r\n${smuggled}`)],
  ['a chunk with a plus', inChunks((smuggled) => `+0\r\n\r\n${smuggled}`)],
  ['a chunk without a size', inChunks((smuggled) => `\r\n\r\n${smuggled}`)],
  ['a chunk beyond all numbers', inChunks((smuggled) => `fffffffffffffffff\r\n${smuggled}`)],
  ['a chunk longer than its size', inChunks((smuggled) => `1\r\n{}\r\n0\r\n\r\n${smuggled}`)],
  ['a chunk that ends in a bare line feed', inChunks((smuggled) => `2\n{}\n0\n\n${smuggled}`)],
  ['a chunk with a space before its size', inChunks((smuggled) => ` 0\r\n\r\n${smuggled}`)],
  ['a chunk whose extension has a line feed', inChunks((smuggled) => `0;x\n\r\n\r\n${smuggled}`)],
  ['a trailer without an end', inChunks((smuggled) => `0\r\nX: y\n\r\n${smuggled}`)],
];

/** Messages without a certain end: they are refused, and the bytes behind them are not read. */
export const AMBIGUOUS: Framing[] = [
  ...TWO_ANSWERS_TO_LENGTH,
  ...ODD_ENCODINGS,
  ...ODD_ENCODING_LINES,
  ...ODD_CHUNKS,
].map(([title, message]) => ({ title, message }));

/** Messages with a certain end and the smuggled request inside: they have one answer. */
export const ENCLOSING: Framing[] = [
  {
    title: 'a body of a GET',
    message: (smuggled) => `${GET}Content-Length: ${lengthOf(smuggled)}\r\n\r\n${smuggled}`,
  },
  {
    title: 'a chunked body of a GET',
    message: (smuggled) => `${GET}Transfer-Encoding: chunked\r\n\r\n${chunked(smuggled)}`,
  },
  {
    title: 'a body of a HEAD',
    message: (smuggled) =>
      `${GET.replace('GET', 'HEAD')}Content-Length: ${lengthOf(smuggled)}\r\n\r\n${smuggled}`,
  },
  {
    title: 'a body of a POST',
    message: (smuggled) => `${PUBLIC}Content-Length: ${lengthOf(smuggled)}\r\n\r\n${smuggled}`,
  },
  {
    title: 'a body for nothing that is there',
    message: (smuggled) =>
      `POST /nothing HTTP/1.1\r\nHost: test\r\nContent-Length: ${lengthOf(smuggled)}\r\n\r\n${smuggled}`,
  },
  {
    title: 'a body that is refused for its length',
    message: (smuggled) => {
      const body = smuggled + ' '.repeat(70_000);
      return `${PUBLIC}Content-Length: ${lengthOf(body)}\r\n\r\n${body}`;
    },
  },
  {
    title: 'a body behind 100-continue',
    message: (smuggled) =>
      `${PUBLIC}Expect: 100-continue\r\nContent-Length: ${lengthOf(smuggled)}\r\n\r\n${smuggled}`,
  },
  {
    title: 'a trailer',
    message: (smuggled) =>
      `${PUBLIC}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ${smuggled.replace(/\r\n/g, ' ')}\r\n\r\n`,
  },
];

const MALFORMED_MESSAGES: [title: string, message: Framing['message']][] = [
  ['HTTP/0.9', (smuggled) => `GET /health/live\r\n${smuggled}`],
  ['the preface of HTTP/2', (smuggled) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${smuggled}`],
  ['HTTP/2 in words', (smuggled) => `GET /health/live HTTP/2.0\r\nHost: x\r\n\r\n${smuggled}`],
  ['HTTP/1.2', (smuggled) => `GET /health/live HTTP/1.2\r\nHost: x\r\n\r\n${smuggled}`],
  ['garbage', (smuggled) => `GARBAGE\r\n\r\n${smuggled}`],
  ['a hello of TLS', (smuggled) => `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${smuggled}`],
  ['a malformed method', (smuggled) => `GE\0T / HTTP/1.1\r\nHost: x\r\n\r\n${smuggled}`],
  ['a space in the target', (smuggled) => `GET /a b HTTP/1.1\r\nHost: x\r\n\r\n${smuggled}`],
  [
    'a null character in the target',
    (smuggled) => `GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n${smuggled}`,
  ],
  ['a null character in a header', (smuggled) => `${GET}X: a\0b\r\n\r\n${smuggled}`],
  ['a null character in a name', (smuggled) => `${GET}X\0: a\r\n\r\n${smuggled}`],
  ['a space in the name of a header', (smuggled) => `${GET}X Y: a\r\n\r\n${smuggled}`],
  ['a space before the colon', (smuggled) => `${GET}X : a\r\n\r\n${smuggled}`],
  ['a header without a name', (smuggled) => `${GET}: a\r\n\r\n${smuggled}`],
  ['a header without a colon', (smuggled) => `${GET}X\r\n\r\n${smuggled}`],
  ['a bare carriage return in a header', (smuggled) => `${GET}X: a\rb\r\n\r\n${smuggled}`],
  ['no Host', (smuggled) => `GET /health/live HTTP/1.1\r\n\r\n${smuggled}`],
  ['one huge header', (smuggled) => `${GET}X: ${'x'.repeat(100_000)}\r\n\r\n${smuggled}`],
  [
    'a huge target',
    (smuggled) => `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n${smuggled}`,
  ],
  ['ten thousand headers', (smuggled) => `${GET}${'X: y\r\n'.repeat(10_000)}\r\n${smuggled}`],
];

/** No requests at all, or with something that no header may have. */
export const MALFORMED: Framing[] = MALFORMED_MESSAGES.map(([title, message]) => ({
  title,
  message,
}));
