import { MalformedJsonError, parseJson } from './json';

function parse(text: string): unknown {
  return parseJson(Buffer.from(text));
}

/** The error of the reader. Fails the test when the body was accepted. */
function refusal(body: Buffer | string): MalformedJsonError {
  try {
    parseJson(Buffer.from(body as string));
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedJsonError);
    return error as MalformedJsonError;
  }
  throw new Error('the body was accepted');
}

/** `levels` containers, one in the other, around `core`. */
function nested(open: string, close: string, levels: number, core = ''): string {
  return open.repeat(levels) + core + close.repeat(levels);
}

describe('reading a JSON body', () => {
  it.each<[string, unknown]>([
    ['{"email":"ada@example.com"}', { email: 'ada@example.com' }],
    [' {"a": [1, null, true, "x"]}\n', { a: [1, null, true, 'x'] }],
    ['[]', []],
    ['null', null],
    ['"text"', 'text'],
    ['12.5', 12.5],
    ['{"text":"\\u00e9 🔑 \\ud83d\\udd11"}', { text: 'é 🔑 🔑' }],
    ['{"a":1,"a":2}', { a: 2 }],
    ['{"constructor":"Brunel"}', { constructor: 'Brunel' }],
    ['{"prototype":1}', { prototype: 1 }],
    ['{"text":"__proto__"}', { text: '__proto__' }],
  ])('reads %s', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('returns undefined for an empty body', () => {
    expect(parseJson(Buffer.alloc(0))).toBeUndefined();
  });

  it.each([
    ['an open object', '{'],
    ['a bare word', 'email'],
    ['single quotes', "{'email':1}"],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{"a":1} // one'],
    ['two values', '{}{}'],
    ['white space alone', '  \n'],
    ['NaN', '{"a":NaN}'],
    ['a raw line break in a string', '{"a":"\n"}'],
    ['a raw NUL', '{"a":\0}'],
    ['a form', 'email=ada%40example.com'],
    ['a secret in a broken text', '{"password":"hunter2'],
  ])('refuses %s without repeating it', (_what, text) => {
    const { code, message, cause } = refusal(text);
    expect([code, message, cause]).toEqual([
      'malformed_json',
      'The body is not valid JSON.',
      undefined,
    ]);
  });

  it.each([
    ['a lone continuation byte', [0x80]],
    ['a cut sequence', [0xe2, 0x82]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
    ['a code point above the last', [0xf4, 0x90, 0x80, 0x80]],
    ['Latin-1', [0xe9]],
  ])('refuses %s instead of replacing it', (_what, bytes) => {
    const quoted = Buffer.from([0x22, ...bytes, 0x22]);
    expect(refusal(quoted).message).toBe('The body is not valid UTF-8.');
  });

  it('refuses UTF-16', () => {
    const text = Buffer.from('{"a":1}', 'utf16le');
    expect(refusal(text).code).toBe('malformed_json');
  });

  it.each([
    '{"__proto__":{"admin":true}}',
    '{"__proto__":null}',
    '{"\\u005f_proto__":{"admin":true}}',
    '{"a":{"b":[{"__proto__":{}}]}}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '{"a":[{"constructor":{"prototype":1}}]}',
  ])('refuses a key that names a prototype: %s', (text) => {
    expect(refusal(text).code).toBe('malformed_json');
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it.each([
    ['arrays', nested('[', ']', 16, '1')],
    ['objects', nested('{"a":', '}', 16, '1')],
    ['both', nested('[{"a":', '}]', 8, '1')],
  ])('reads 16 levels of %s', (_what, text) => {
    expect(JSON.stringify(parse(text))).toBe(text);
  });

  it.each([
    ['17 arrays', nested('[', ']', 17, '1')],
    ['17 objects', nested('{"a":', '}', 17, '1')],
    ['5,000 arrays', nested('[', ']', 5000)],
    ['5,000 objects', nested('{"a":', '}', 5000, '1')],
    ['arrays beside a flat field', `{"a":1,"b":${nested('[', ']', 30_000)},"c":"x"}`],
    ['objects that hide a prototype', nested('{"a":', '}', 5000, '{"__proto__":1}')],
  ])('refuses %s', (_what, text) => {
    expect(refusal(text).code).toBe('malformed_json');
  });

  it('counts no brackets and commas inside strings', () => {
    const text = JSON.stringify({ text: '"\\,[{"'.repeat(2000), other: ',['.repeat(2000) });
    expect(JSON.stringify(parse(text))).toBe(text);
  });

  it.each([
    ['elements', wide(256), wide(257)],
    ['members', members(256), members(257)],
    ['both, at any depth', `[${members(127)},${wide(127)}]`, `[${members(127)},${wide(128)}]`],
  ])('reads 256 %s, and refuses one more', (_what, most, tooMany) => {
    expect(JSON.stringify(parse(most))).toBe(most);
    expect(refusal(Buffer.from(tooMany)).message).toBe('The body has too many values.');
  });
});

function wide(count: number): string {
  return `[${Array.from({ length: count }, () => '{}').join()}]`;
}

function members(count: number): string {
  return `{${Array.from({ length: count }, (_, index) => `"a${index}":1`).join()}}`;
}
