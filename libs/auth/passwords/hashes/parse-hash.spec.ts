import fc from 'fast-check';
import { lasting } from '../../../../test/support/long-tests';
import { checkImportedHash, parseHash } from './parse-hash';
import { UnusableHashError } from './password-hash';

const UNICODE = 'pässword mit 🔑 and spaces ';
const RFC_6070 = 'passwordPASSWORDpassword';
const SALT_6070 = 'c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0';
const SHA512_6070 =
  'jAUR9Mbll8asYxXY8DYuIl88UBSVuiO4aMAFF03E7nERW1n55gzZUy+jPg91rv4wIlxYOhhs2CvU2uqXJKPTuA';

/** Made by other implementations than those that check them. */
const VECTORS: [source: string, password: string, hash: string][] = [
  [
    'bcrypt 2a: crypt_blowfish',
    'U*U',
    '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  ],
  ['bcrypt 2b: libxcrypt', UNICODE, '$2b$06$uKL3zYhmOxDT2QXGV9nqLOKoS3XpFBpoBEzGnTD38UaDMiUZ2NO7O'],
  ['bcrypt 2y: libxcrypt', UNICODE, '$2y$06$uKL3zYhmOxDT2QXGV9nqLOKoS3XpFBpoBEzGnTD38UaDMiUZ2NO7O'],
  [
    'scrypt: RFC 7914',
    'pleaseletmein',
    '$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU' +
      '$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw',
  ],
  [
    'scrypt: passlib',
    'password',
    '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
  ],
  [
    'PBKDF2 with SHA-256: the long vector of RFC 6070',
    RFC_6070,
    `$pbkdf2-sha256$i=4096$${SALT_6070}$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+E`,
  ],
  [
    'PBKDF2 with its length: Rust',
    RFC_6070,
    `$pbkdf2-sha256$i=4096,l=32$${SALT_6070}$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+E`,
  ],
  [
    'PBKDF2 with SHA-512: the long vector of RFC 6070',
    RFC_6070,
    `$pbkdf2-sha512$i=4096$${SALT_6070}$${SHA512_6070}`,
  ],
  [
    'PBKDF2: passlib',
    'password',
    '$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44',
  ],
  [
    'Argon2i: the reference implementation',
    'password',
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
  ],
  [
    'Argon2i of version 1.0: the reference implementation',
    'password',
    '$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ',
  ],
  [
    'Argon2id: the reference implementation',
    'password',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ],
];

const SALT = 'c29tZXNhbHQ';
const HASH = 'wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA';
const SHORT_HASH = 'wWKIMhR9lyDFvRz9YTZw';

describe('a stored hash', () => {
  it.each(VECTORS)('%s', async (_source, password, text) => {
    expect(() => checkImportedHash(text)).not.toThrow();
    const hash = parseHash(text);
    expect(await hash.verify(password)).toBe(true);
    expect(await hash.verify(`${password} `)).toBe(false);
    expect(await hash.verify(password.slice(0, -1))).toBe(false);
    expect(await hash.verify('')).toBe(false);
  });

  it('of bcrypt matches by the first 72 bytes of a password', async () => {
    const hash = parseHash('$2b$05$uKL3zYhmOxDT2QXGV9nqLOCzpCkYViSuB1K2SvSfDZ942Q865k/Ee');
    expect(await hash.verify('x'.repeat(72))).toBe(true);
    expect(await hash.verify(`${'x'.repeat(72)} and more`)).toBe(true);
    expect(await hash.verify('x'.repeat(71))).toBe(false);
  });

  it.each([
    ['nothing', ''],
    ['a password', 'correct horse battery staple'],
    ['MD5 of crypt', '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/'],
    ['a bare digest', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['Argon2d', `$argon2d$v=19$m=65536,t=2,p=1$${SALT}$${HASH}`],
    ['Argon2 of a version to come', `$argon2id$v=20$m=65536,t=2,p=1$${SALT}$${HASH}`],
    ['bcrypt of an unknown letter', '$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['bcrypt cut short', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe'],
    ['bcrypt of cost 32', '$2a$32$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['bcrypt of cost 3', '$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['bcrypt with a line break', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n'],
    ['scrypt without a hash, which every password would match', `$scrypt$ln=14,r=8,p=1$${SALT}$`],
    ['scrypt with a hash of 15 bytes', `$scrypt$ln=14,r=8,p=1$${SALT}$${SHORT_HASH}`],
    ['scrypt with a hash of 65 bytes', `$scrypt$ln=14,r=8,p=1$${SALT}$${'A'.repeat(87)}`],
    ['scrypt with a salt of 7 bytes', `$scrypt$ln=14,r=8,p=1$c29tZXNhbA$${HASH}`],
    ['scrypt without p', `$scrypt$ln=14,r=8$${SALT}$${HASH}`],
    ['scrypt with a parameter more', `$scrypt$ln=14,r=8,p=1,x=1$${SALT}$${HASH}`],
    ['scrypt with a parameter twice', `$scrypt$ln=14,r=8,p=1,p=2$${SALT}$${HASH}`],
    ['scrypt with an ln of zero', `$scrypt$ln=0,r=8,p=1$${SALT}$${HASH}`],
    ['scrypt with a negative r', `$scrypt$ln=14,r=-8,p=1$${SALT}$${HASH}`],
    ['scrypt with a word for ln', `$scrypt$ln=many,r=8,p=1$${SALT}$${HASH}`],
    ['scrypt of N beyond 32 bits', `$scrypt$ln=32,r=8,p=1$${SALT}$${HASH}`],
    ['scrypt in base64url', `$scrypt$ln=14,r=8,p=1$${SALT}$${HASH.replace('+', '-')}`],
    ['scrypt with padding', `$scrypt$ln=14,r=8,p=1$${SALT}=$${HASH}=`],
    ['PBKDF2 with SHA-1', `$pbkdf2-sha1$i=4096$${SALT}$${HASH}`],
    ['PBKDF2 with a wrong length', `$pbkdf2-sha256$i=4096,l=16$${SALT}$${HASH}`],
    ['PBKDF2 longer than its digest', `$pbkdf2-sha256$i=4096$${SALT}$${SHA512_6070}`],
    ['PBKDF2 without iterations', `$pbkdf2-sha256$${SALT}$${HASH}`],
    ['half a thousand characters', `$scrypt$ln=14,r=8,p=1$${SALT}$${'A'.repeat(600)}`],
    ['Argon2 of less memory than its lanes need', `$argon2id$v=19$m=12,t=20,p=2$${SALT}$${HASH}`],
    ['Argon2 of memory beyond 32 bits', `$argon2id$v=19$m=4294967296,t=1,p=1$${SALT}$${HASH}`],
    ['Argon2 of passes beyond 32 bits', `$argon2id$v=19$m=64,t=4294967296,p=1$${SALT}$${HASH}`],
    ['Argon2 of too many lanes', `$argon2id$v=19$m=4294967295,t=1,p=16777216$${SALT}$${HASH}`],
    ['scrypt of an N that is too large for its r', `$scrypt$ln=16,r=1,p=1$${SALT}$${HASH}`],
    ['scrypt of too large an r and p', `$scrypt$ln=1,r=32768,p=32768$${SALT}$${HASH}`],
    ['PBKDF2 of iterations beyond 31 bits', `$pbkdf2-sha256$i=2147483648$${SALT}$${HASH}`],
    ['Argon2 with data', `$argon2id$v=19$m=65536,t=2,p=1,data=AAAA$${SALT}$${HASH}`],
  ])('is not %s', (_what, text) => {
    let failure: unknown;
    try {
      parseHash(text);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(UnusableHashError);
    expect((failure as Error).message).not.toMatch(/CCCC|wWKI|c29t|battery/);
  });
});

describe('an imported hash', () => {
  const bcrypt = (cost: number) =>
    `$2b$${cost}$uKL3zYhmOxDT2QXGV9nqLOCzpCkYViSuB1K2SvSfDZ942Q865k/Ee`;
  const scrypt = (params: string) => `$scrypt$${params}$${SALT}$${HASH}`;
  const pbkdf2 = (iterations: number) => `$pbkdf2-sha256$i=${iterations}$${SALT}$${HASH}`;
  const argon2 = (params: string) => `$argon2id$v=19$${params}$${SALT}$${HASH}`;

  it.each([
    bcrypt(14),
    scrypt('ln=17,r=8,p=2'),
    scrypt('ln=13,r=8,p=10'),
    pbkdf2(2_000_000),
    argon2('m=131072,t=4,p=16'),
    argon2('m=19456,t=2,p=1'),
  ])('may cost as much as %s', (text) => {
    expect(() => checkImportedHash(text)).not.toThrow();
  });

  it.each([
    bcrypt(15),
    bcrypt(31),
    scrypt('ln=18,r=8,p=1'),
    scrypt('ln=17,r=8,p=3'),
    scrypt('ln=10,r=8,p=1000000'),
    scrypt('ln=1,r=1000000000,p=1'),
    scrypt('ln=31,r=8,p=1'),
    pbkdf2(2_000_001),
    pbkdf2(2_147_483_647),
    argon2('m=131073,t=1,p=1'),
    argon2('m=4294967295,t=1,p=1'),
    argon2('m=131072,t=5,p=1'),
    argon2('m=64,t=4294967295,p=1'),
    argon2('m=19456,t=2,p=17'),
  ])('may not cost as much as %s', (text) => {
    expect(() => parseHash(text)).not.toThrow();
    expect(() => checkImportedHash(text)).toThrow(UnusableHashError);
    expect(() => checkImportedHash(text)).toThrow(/^costs more than .* at each sign-in$/);
  });
});

describe('any hash that is accepted', () => {
  const bytes = (min: number, max: number) =>
    fc
      .uint8Array({ minLength: min - 1, maxLength: max + 1 })
      .map((array) => Buffer.from(array).toString('base64').replace(/=+$/, ''));
  /** Hashes at the limits, and just below. */
  const edges = [0, 1, 2, 7, 8, 15, 16, 17, 2 ** 24, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 53];
  const edge = fc.constantFrom(...edges.flatMap((value) => [value - 1, value]));
  const count = fc.oneof(fc.integer({ min: -1, max: 200 }), edge);
  const body = fc.tuple(bytes(8, 64), bytes(16, 64)).map((parts) => parts.join('$'));
  const version = fc.constantFrom('', 'v=16$', 'v=19$', 'v=20$', 'v=0$', 'v=4294967315$');
  const argon2 = fc
    .tuple(
      fc.constantFrom('argon2id', 'argon2i'),
      version,
      fc.oneof(
        fc.tuple(count, count, count),
        fc
          .tuple(fc.integer({ min: -1, max: 64 }), fc.integer({ min: 1, max: 3 }))
          .chain(([more, t]) =>
            fc.integer({ min: 1, max: 17 }).map((p) => [8 * p + more, t, p] as const),
          ),
      ),
      body,
    )
    .map(([id, v, [m, t, p], rest]) => `$${id}$${v}m=${m},t=${t},p=${p}$${rest}`);
  const few = fc.integer({ min: 0, max: 8 });
  const scrypt = fc
    .tuple(fc.oneof(few, edge), fc.oneof(few, edge), fc.oneof(few, edge), body)
    .map(([ln, r, p, rest]) => `$scrypt$ln=${ln},r=${r},p=${p}$${rest}`);
  const pbkdf2 = fc
    .tuple(fc.constantFrom('sha256', 'sha512'), count, body)
    .map(([digest, i, rest]) => `$pbkdf2-${digest}$i=${i}$${rest}`);
  const bcrypt = fc
    .tuple(
      fc.constantFrom('2a', '2b', '2y'),
      fc.constantFrom('03', '04', '05', '31', '32'),
      fc.stringMatching(/^[./A-Za-z0-9]{21}[.Oeu]$/),
      fc.stringMatching(/^[./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/),
    )
    .map(([id, cost, salt, hash]) => `$${id}$${cost}$${salt}${hash}`);
  const password = fc.string({ unit: 'binary', maxLength: 200 });

  it.each([
    ['Argon2', argon2],
    ['scrypt', scrypt],
    ['PBKDF2', pbkdf2],
    ['bcrypt', bcrypt],
  ])('of %s can be checked', async (_kind, texts) => {
    let checked = 0;
    const property = fc.asyncProperty(texts, password, async (text, presented) => {
      if (isImportable(text)) {
        expect(await parseHash(text).verify(presented)).toBe(false);
        checked += 1;
      }
    });
    await fc.assert(property, { numRuns: lasting(100, 200) });
    expect(checked).toBeGreaterThan(10);
  });

  function isImportable(text: string): boolean {
    try {
      checkImportedHash(text);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(UnusableHashError);
      return false;
    }
  }
});
