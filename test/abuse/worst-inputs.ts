/** Fits into a body of 64 KiB. */
export const BODY_BYTES = 60_000;
/** Fits into headers of 16 KiB, with the others. */
export const HEADER_BYTES = 14_000;

export function fill(bytes: number, piece: (index: number) => string): string {
  let text = '';
  for (let index = 0; ; index++) {
    const next = piece(index);
    if (text.length + next.length > bytes) {
      return text;
    }
    text += next;
  }
}

export const repeated = (text: string, bytes = HEADER_BYTES) => fill(bytes, () => text);
const list = (piece: (index: number) => string) =>
  fill(BODY_BYTES, (index) => (index === 0 ? '' : ',') + piece(index));
export const object = (name: (index: number) => string) =>
  `{${list((index) => `"${name(index)}":1`)}}`;

export const JSON_BODIES: Record<string, string> = {
  'unknown keys': object((index) => index.toString(36)),
  'numbers as keys': object((index) => String(index * 7919)),
  'escaped keys': object((index) => `\\u005f_prot${index}`),
  'the same key': object(() => 'email'),
  'names of a prototype': object((index) => ['toString', 'valueOf', 'isPrototypeOf'][index % 3]!),
  'one long key': `{"${'k'.repeat(BODY_BYTES)}":1}`,
  'deep arrays': '['.repeat(BODY_BYTES / 2) + ']'.repeat(BODY_BYTES / 2),
  'an array': `[${list(() => '1')}]`,
  'empty arrays': `{"email":[${list(() => '[]')}]}`,
  'objects at the lowest level': `{"email":${'['.repeat(14)}${list(() => '{}')}${']'.repeat(14)}}`,
  'objects that all differ': `{"email":[${list((index) => `{"k${index}":1}`)}]}`,
  'strings that look like a prototype': `{"email":[${list(() => '"__proto__"')}]}`,
  'spaces behind one of those': `{"email":["__proto__"${' '.repeat(BODY_BYTES)}]}`,
  escapes: `{"email":"${repeated('\\u0000', BODY_BYTES)}"}`,
  'a number': `{"email":1${'0'.repeat(BODY_BYTES)}}`,
  'no end': `{"email":"${'x'.repeat(BODY_BYTES)}`,
};

export const FORMS: Record<string, string> = {
  'unknown fields': fill(BODY_BYTES, (index) => `${index.toString(36)}=&`),
  'the same field': repeated('token=&', BODY_BYTES),
  'no fields': '&'.repeat(BODY_BYTES),
  'encoded letters': `token=${repeated('%41', BODY_BYTES)}`,
  percents: `token=${'%'.repeat(BODY_BYTES)}`,
  spaces: `token=${'+'.repeat(BODY_BYTES)}`,
};

export const HEADERS: Record<string, Record<string, string>> = {
  'if-none-match': {
    tags: repeated('"a",'),
    quotes: '"'.repeat(HEADER_BYTES),
    'a tag without an end': `"${'a'.repeat(HEADER_BYTES)}`,
    weak: repeated('W/'),
  },
  'x-forwarded-for': {
    commas: ','.repeat(HEADER_BYTES),
    addresses: repeated('1.1.1.1,'),
    'IPv6 addresses': repeated('::1,'),
    colons: ':'.repeat(HEADER_BYTES),
    spaces: `a${' '.repeat(HEADER_BYTES)}a`,
    brackets: '['.repeat(HEADER_BYTES),
    'a long address': `::${repeated('0:')}`,
    'a zone': `fe80::1${'%'.repeat(HEADER_BYTES)}`,
  },
  'user-agent': {
    slashes: '/'.repeat(HEADER_BYTES),
    brackets: '('.repeat(HEADER_BYTES),
    browsers: repeated('Mozilla/5.0 ('),
    digits: repeated('1.'),
    spaces: `a${' '.repeat(HEADER_BYTES)}a`,
  },
  accept: { types: repeated('*/*;q=0.1,'), semicolons: ';'.repeat(HEADER_BYTES) },
  traceparent: { long: `00-${'a'.repeat(HEADER_BYTES)}`, dashes: '-'.repeat(HEADER_BYTES) },
  cookie: {
    many: fill(HEADER_BYTES, (index) => `a${index}=1;`),
    spaces: `a${' '.repeat(HEADER_BYTES)}a=1`,
    semicolons: ';'.repeat(HEADER_BYTES),
    'blanks before names': repeated(' \t ;'),
    'names that begin like ours': repeated('latchkey;'),
  },
  origin: { long: `http://${repeated('a.')}` },
  'content-type': {
    parameters: `application/json${repeated(';a=b')}`,
    semicolons: `application/json${';'.repeat(HEADER_BYTES)}`,
    charsets: `application/json${repeated(';charset')}`,
    spaces: `application/json;${' '.repeat(HEADER_BYTES)}x`,
    'a boundary': `multipart/form-data; boundary=${'b'.repeat(HEADER_BYTES)}`,
  },
};

export const QUERIES: Record<string, string> = {
  parameters: fill(HEADER_BYTES, (index) => `${index.toString(36)}=&`),
  'the same parameter': repeated('limit=1&'),
  'no parameters': '&'.repeat(HEADER_BYTES),
  'encoded letters': repeated('%41'),
  percents: '%'.repeat(HEADER_BYTES),
  'a cursor': `cursor=${'a'.repeat(HEADER_BYTES)}`,
  digits: `limit=${'1'.repeat(HEADER_BYTES)}`,
  pluses: `limit=${'+'.repeat(HEADER_BYTES)}`,
};

export const PATHS: Record<string, string> = {
  slashes: '/'.repeat(HEADER_BYTES),
  'steps upwards': repeated('/..'),
  'encoded letters': `/${repeated('%41')}`,
  'encoded slashes': `/avatars/${repeated('%2f')}`,
  segments: repeated('/a'),
  'a picture': `/avatars/${'a'.repeat(HEADER_BYTES)}`,
  'a session': `/api/auth/sessions/${'a'.repeat(HEADER_BYTES)}`,
};
