import { startTestApp } from '../support/app';
import { codeIn, hasPath, productSources, readText, rowsIn, sectionOf } from '../support/document';

const section = sectionOf('docs/security.md', 'Cryptography');
const inventory = rowsIn(section).map(({ algorithm = '', where = '' }) => ({
  algorithm,
  places: codeIn(where),
}));

/** The row of the inventory for each name of `node:crypto` or of a package. */
const USES: [what: RegExp, algorithm: string][] = [
  [/\bcreateHash\('sha256'\)/, 'SHA-256'],
  [/\bcreateHmac\('sha256',/, 'HMAC-SHA-256'],
  [/\bcreateSecretKey\(/, 'HS256'],
  [/\b(?:generateKeyPairSync|createPrivateKey|createPublicKey)\(/, 'ES256'],
  [/\brandomBytes\(/, 'random bytes'],
  [/\brandomUUID\(/, 'UUID'],
  [/\btimingSafeEqual\(/, 'comparison in constant time'],
  [/\b(?:pbkdf2|scrypt)\(|from 'bcrypt'/, 'bcrypt, scrypt, PBKDF2'],
  [/from 'argon2'/, 'argon2id'],
  [/import\('hibp'\)|\bcreateHash\('sha1'\)/, 'SHA-1'],
  [/from '@nestjs\/jwt'/, 'HS256'],
  [/from '@nestjs\/jwt'/, 'ES256'],
];

/** All that the product may take from `node:crypto`. */
const KNOWN_IMPORTS = [
  'X509Certificate',
  'KeyObject',
  'createHash',
  'createHmac',
  'createPrivateKey',
  'createPublicKey',
  'createSecretKey',
  'generateKeyPairSync',
  'pbkdf2',
  'randomBytes',
  'randomUUID',
  'scrypt',
  'timingSafeEqual',
];

/** `import { … } from 'node:crypto'`. */
const NAMED_IMPORT = /import (?:type )?\{([^}]+)\} from '(?:node:)?crypto'/g;

/** Names that packages of cryptography have. */
const CRYPTOGRAPHIC =
  /crypt|cipher|\baes|argon|hash|hibp|jose|jwt|jws|jsonwebtoken|nacl|sodium|forge|elliptic|noble|pbkdf|phc|sha\d/;

const sources = productSources().map((path) => ({ path, text: readText(path) }));

const isBelow = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

function algorithmsIn(text: string): string[] {
  return USES.filter(([what]) => what.test(text)).map(([, algorithm]) => algorithm);
}

describe('the inventory of cryptography', () => {
  it('V11.1.2, V11.1.3: has a row for each use in the sources', () => {
    const missing = sources.flatMap(({ path, text }) =>
      algorithmsIn(text)
        .filter(
          (used) =>
            !inventory.some(
              ({ algorithm, places }) =>
                algorithm.startsWith(used) && places.some((place) => isBelow(path, place)),
            ),
        )
        .map((used) => `${used} in ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it.each(inventory.flatMap(({ algorithm, places }) => places.map((place) => [algorithm, place])))(
    'V11.1.2: names the use of %s in %s',
    (algorithm, place) => {
      expect(hasPath(place)).toBe(true);
      const found = sources
        .filter(({ path }) => isBelow(path, place))
        .flatMap(({ text }) => algorithmsIn(text));
      expect(found.some((used) => algorithm.startsWith(used))).toBe(true);
    },
  );

  it('V11.1.2: names the purpose of each algorithm and of each signing key', () => {
    const without = rowsIn(section).filter((row) => row.algorithm && !row.for);
    expect(without.map(({ algorithm }) => algorithm)).toEqual([]);
    expect(section).toContain(
      '`JWT_SECRET` and the keys of `JWT_KEYS_DIR` sign access tokens and nothing else',
    );
  });

  it('V11.1.1: describes the life of a key from its generation to its removal', () => {
    for (const stage of ['Made', 'Kept', 'Shared', 'Used', 'retired', 'Destroyed', 'Compromised']) {
      expect(section).toContain(`_${stage}_`);
    }
    expect(section).toContain('after NIST SP 800-57');
    expect(section).toContain('_Used_ to sign for 90 days');
  });

  it('V11.1.4: describes how to replace a broken algorithm, also one broken by a quantum computer', () => {
    expect(section).toContain('**When an algorithm falls.**');
    for (const row of rowsIn(section).filter(({ size }) => size)) {
      expect([row.algorithm, row['against a quantum computer']]).not.toEqual([row.algorithm, '']);
    }
  });
});

describe('the sources', () => {
  it('V11.2.1: take cryptography from Node and from known packages alone', () => {
    const imports = sources.flatMap(({ path, text }) =>
      [...text.matchAll(NAMED_IMPORT)].flatMap(([, names = '']) =>
        names
          .split(',')
          .map((name) => name.replace(/\btype\b/, '').trim())
          .filter((name) => name !== '' && !KNOWN_IMPORTS.includes(name))
          .map((name) => `${name} in ${path}`),
      ),
    );
    expect(imports).toEqual([]);
    // In that form alone: no default or namespace import, no dynamic one, no global `crypto`.
    const whole = sources.filter(
      ({ text }) =>
        (text.match(/'(?:node:)?crypto'/g) ?? []).length !==
          (text.match(NAMED_IMPORT) ?? []).length || /\bcrypto\.\w/.test(text),
    );
    expect(whole.map(({ path }) => path)).toEqual([]);
    const packages = sources
      .flatMap(({ text }) => [
        ...text.matchAll(/(?:from |import |import\(|require\()'(?!node:)([^'.#][^']*)'/g),
      ])
      .map(([, name = '']) => name)
      .filter((name) => CRYPTOGRAPHIC.test(name));
    expect([...new Set(packages)].sort()).toEqual([
      '@nestjs/jwt',
      '@phc/format',
      'argon2',
      'bcrypt',
      'hibp',
    ]);
  });

  it('V11.3.1, V11.3.2, V11.3.3: encrypt nothing, with no cipher and no padding', () => {
    const cipher =
      /\b(?:create(?:De)?[Cc]ipher\w*|(?:public|private)(?:En|De)crypt|RSA_PKCS1\w*)\b/;
    expect(sources.filter(({ text }) => cipher.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it('V11.3.1, V11.4.3: sign with HS256 and ES256, and generate no RSA key', () => {
    const algorithms = sources.flatMap(({ text }) =>
      [...text.matchAll(/'(?:[HREP]S\d+|EdDSA)'/g)].map(([name]) => name),
    );
    expect([...new Set(algorithms)].sort()).toEqual(["'ES256'", "'HS256'"]);
    expect(sources.filter(({ text }) => /'rsa(?:-pss)?'|\bRSA-/.test(text))).toEqual([]);
    expect(section).toContain('The product encrypts nothing itself.');
  });

  it('V11.4.1, V11.4.3: hash with SHA-256, and with SHA-1 only for the names of Redis scripts', () => {
    const hashes = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/\bcreateHm?a(?:sh|c)\(\s*('[^']*'|[^,)]*)/g)].map(([, name]) => ({
        path,
        name,
      })),
    );
    const others = hashes.filter(({ name }) => name !== "'sha256'");
    expect(others).toEqual([{ path: 'libs/redis/server-probe.ts', name: "'sha1'" }]);
  });

  it('V11.4.4: derive no key from a password', () => {
    const derivation = /\b(?:hkdf|hkdfSync|deriveKey|deriveBits|pbkdf2Sync|scryptSync)\(/;
    expect(sources.filter(({ text }) => derivation.test(text)).map(({ path }) => path)).toEqual([]);
    const elsewhere = sources
      .filter(({ text }) => /\b(?:pbkdf2|scrypt)\(/.test(text))
      .filter(({ path }) => !isBelow(path, 'libs/auth/passwords/hashes'));
    expect(elsewhere.map(({ path }) => path)).toEqual([]);
  });

  it('V11.5.1: use no predictable random number', () => {
    // Spreads the expiry of cached entries. Guessing it gains nothing.
    const harmless = ['libs/cache/redis-entry.store.ts'];
    const weak = /\bMath\.random\(|\bpseudoRandomBytes\(|\buuid\b.*from 'uuid'/;
    const found = sources.filter(({ text }) => weak.test(text)).map(({ path }) => path);
    expect(found).toEqual(harmless);
    const sizes = sources.flatMap(({ text }) =>
      [...text.matchAll(/\brandomBytes\((\w+)\)/g)].map(([, size = '']) =>
        Number(/^\d/.test(size) ? size : new RegExp(`${size} = (\\d+)`).exec(text)?.[1]),
      ),
    );
    const calls = sources.flatMap(({ text }) => text.match(/\brandomBytes\(/g) ?? []);
    expect(sizes).toHaveLength(calls.length);
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.filter((bytes) => !(bytes >= 16))).toEqual([]);
  });
});

describe('a stored password', () => {
  it('V11.4.2: is argon2id with 19 MiB, two passes, one lane, and a salt of its own', async () => {
    const app = await startTestApp({ realHashes: true });
    try {
      await app.register();
      await app.register();
      const rows = await app.database.sql.query<{ hash: string }[]>(
        'SELECT password_hash AS hash FROM users',
      );
      const form = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$([\w+/]{22})\$[\w+/]{43}$/;
      const salts = rows.map(({ hash }) => form.exec(hash)?.[1]);
      expect(salts).toEqual([expect.any(String), expect.any(String)]);
      expect(salts[0]).not.toBe(salts[1]);
    } finally {
      await app.close();
    }
  });
});
