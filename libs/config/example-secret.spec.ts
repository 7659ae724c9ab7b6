import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { isPlaceholder, repeatsPattern } from './example-secret';
import { parseSettings } from './settings';
import { SettingsError } from './settings-error';
import { lasting } from '../../test/support/long-tests';

const ROOT = join(__dirname, '../..');
const STRONG = 'kJ8#mQ2$vX9!pL4&zR7*wN3@bT6^yH1%';
const GOOD = {
  DATABASE_URL: 'postgres://app:hT7vQ2@db:5432/latchkey',
  REDIS_URL: 'redis://:zK4mP9@cache:6379',
  JWT_SECRET: STRONG,
  INTROSPECTION_CLIENTS: `billing:${STRONG}`,
};
type Variable = keyof typeof GOOD;

function parse(env: Partial<Record<Variable, string>>, NODE_ENV = 'production') {
  return parseSettings({ ...GOOD, ...env, NODE_ENV });
}

/** @returns the error in production; in development there is none. */
function refusal(env: Partial<Record<Variable, string>>): SettingsError | undefined {
  expect(() => parse(env, 'development')).not.toThrow();
  try {
    parse(env);
    return undefined;
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    return error;
  }
}

function expectRefusal(variable: Variable, value: string, secret = value): void {
  const error = refusal({ [variable]: value });
  expect([variable, secret, error?.variable]).toEqual([variable, secret, variable]);
  expect(error?.message).toMatch(/^[A-Z_]+ must [^.\n]+\.$/);
  expect(error?.message.replace(variable, '')).not.toContain(value);
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Files from which a reader may copy a value. */
function documents(): string[] {
  const pages = ['docs', 'examples', 'deploy'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(md|conf|ya?ml|sh)$/.test(name))
      .map((name) => join(folder, name)),
  );
  return ['.env.example', 'docker-compose.yml', 'Dockerfile', 'README.md', ...pages];
}

/** Passwords in addresses of stores, and those of the documented roles. */
function examplePasswords(): string[] {
  const forms = [
    /\b(?:postgres(?:ql)?|rediss?):\/\/[^\s:@/]*:([^\s@`'"]+)@/g,
    /\bPASSWORD '([^']+)'/g,
    /\bSETUSER \S+ on >(\S+)/g,
    /requirepass (\S+)/g,
  ];
  const found = documents().flatMap((path) =>
    forms.flatMap((form) => [...read(path).matchAll(form)].map(([, secret = '']) => secret)),
  );
  // Variables are filled in, by Compose or by a shell.
  return [...new Set(found)].filter((secret) => !secret.startsWith('$'));
}

/** Values of secret settings in .env.example, also of lines that are comments. */
function exampleSettings(): [Variable, string][] {
  const lines = read('.env.example').matchAll(/^(?:# )?([A-Z_]+)=(.+)$/gm);
  return [...lines].flatMap(([, name = '', value = '']): [Variable, string][] => {
    const isAddress = name.endsWith('_URL');
    const isSecret = name in GOOD && (!isAddress || /:[^/]+@/.test(value));
    // Parameters name files that are not here.
    return isSecret ? [[name as Variable, value.replace(/\?.*/, '')]] : [];
  });
}

describe('the secrets of our examples', () => {
  it('are found', () => {
    expect(examplePasswords()).toEqual(expect.arrayContaining(['password', 'change-me']));
    expect(exampleSettings().map(([name]) => name)).toEqual(
      expect.arrayContaining(['DATABASE_URL', 'INTROSPECTION_CLIENTS']),
    );
  });

  it('are refused in production as written in .env.example', () => {
    exampleSettings().forEach(([variable, value]) => expectRefusal(variable, value));
  });

  it('are refused in production as passwords of the stores', () => {
    for (const secret of examplePasswords()) {
      expectRefusal('DATABASE_URL', `postgres://app:${secret}@db:5432/latchkey`, secret);
      expectRefusal('REDIS_URL', `redis://:${secret}@cache:6379`, secret);
    }
  });
});

describe('a placeholder', () => {
  const values = [
    'change-me-change-me-please-change-me',
    'CHANGE_ME_32_BYTES_OF_RANDOM_DATA',
    'changeme0123456789abcdefghijklmn',
    'replace-me-with-32-random-bytes!',
    'please replace this with 32 bytes',
    'your-super-secret-jwt-key-of-256-bits',
    'a-long-random-secret-of-32-bytes-or-more',
    'an example key of thirty-two bytes',
    'placeholder-for-the-signing-key-00',
  ];

  it.each(values)('%s is refused in production', (value) => {
    expectRefusal('JWT_SECRET', value);
    expectRefusal('INTROSPECTION_CLIENTS', `billing:${STRONG},web:${value}`);
    expectRefusal('DATABASE_URL', `postgres://app:${encodeURIComponent(value)}@db/latchkey`);
    expectRefusal('REDIS_URL', `redis://:${encodeURIComponent(value)}@cache:6379`);
  });

  it.each([
    '0123456789abcdef'.repeat(2),
    'correct-horse-battery-'.repeat(2),
    '0123456789ab'.repeat(3),
  ])('of one pattern, %s, is refused in production', (value) => {
    expectRefusal('JWT_SECRET', value);
    expectRefusal('INTROSPECTION_CLIENTS', `web:${value}`);
  });

  it('does not match 32 random bytes or more, in any encoding', () => {
    const bytes = fc
      .uint8Array({ minLength: 32, maxLength: 64 })
      .map((array) => Buffer.from(array));
    const encoding = fc.constantFrom<BufferEncoding>('base64', 'base64url', 'hex');
    // Its values are not as random as those of a generator: small ones repeat zeros.
    const random = bytes.filter((buffer) => new Set(buffer).size > 16);
    const secrets = fc.tuple(random, encoding).map(([buffer, name]) => buffer.toString(name));
    fc.assert(
      fc.property(secrets, (secret) => {
        expect([isPlaceholder(secret), repeatsPattern(secret)]).toEqual([false, false]);
      }),
      { numRuns: 2_000 },
    );
    // Two milliseconds each.
    fc.assert(
      fc.property(secrets, (secret) => {
        const password = encodeURIComponent(secret);
        parse({
          JWT_SECRET: secret,
          INTROSPECTION_CLIENTS: `web:${secret}`,
          DATABASE_URL: `postgres://app:${password}@db/latchkey`,
          REDIS_URL: `redis://:${password}@cache:6379`,
        });
      }),
      { numRuns: lasting(50, 2_000) },
    );
  });
});
