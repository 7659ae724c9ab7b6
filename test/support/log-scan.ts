import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A line of a log with a secret. */
export interface Leak {
  file: string;
  line: number;
  kinds: string[];
  /** The line without it. */
  text: string;
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** Passwords and keys that tests make up. A test that makes up another one adds it here. */
const KNOWN = [
  'correct horse battery staple',
  'a brighter horse battery staple',
  'another long password',
  'a long enough password',
  'a long password, number',
  'the password number',
  'the pässword of another system',
  'a password of a breach',
  'a password of no other user',
  'a wrong password',
  'not the password',
  'a secret of the tests, long enough',
  'the secret that signs the tokens of this suite',
  'a secret that an attacker has chosen for us',
  'a long random secret',
  'a-secret-of-the-tests',
  's3cret',
];

const PATTERNS: [kind: string, pattern: RegExp][] = [
  ['a JWT', /\beyJ[\w-]{10,}(?:\.[\w-]*)*/g],
  ['a password hash', /\$(?:argon2|scrypt|pbkdf2|2[aby]\$)[^\s"]*/g],
  ['a refresh token', new RegExp(`${UUID}\\.[\\w-]{20,}`, 'gi')],
  // The id of a key is a hash of its public half (RFC 7638), and looks like them.
  ['256 random bits', /(?<![\w-]|"kid":")[\w-]{43}(?![\w-])/g],
  ['credentials of a scheme', /\b(?:Bearer|Basic) +(?!realm=)[\w.~+/=-]{6,}/g],
  [
    'a header with credentials',
    /\b(?:authorization|(?:set-)?cookie)[\\"']*\s*[:=](?!\s*[\\"'[]*\[Redacted\]).+/gi,
  ],
  ['a field with a password', /\w*password\w*\\*"\s*:\s*\\*"[^"]*/gi],
  ['credentials of an address', /\b[a-z][a-z0-9+]*:\/\/[^\s:@/"]*:[^\s@/"]+@/gi],
  ['parameters of a driver', /"(?:parameters|driverError|internalQuery)\\*"\s*:.+/g],
  ['an e-mail address', /[\w.+-]+@example\.(?:com|org|net)\b/g],
  ['a known password or key', new RegExp(KNOWN.join('|'), 'g')],
];

const CUT = '***';
const MAX_TEXT_LENGTH = 400;

/** @returns the kinds of the secrets in a line, and the line without them. */
export function findSecrets(line: string): Pick<Leak, 'kinds' | 'text'> {
  const kinds: string[] = [];
  let text = line;
  for (const [kind, pattern] of PATTERNS) {
    if (line.match(pattern)) {
      kinds.push(kind);
      text = text.replace(pattern, CUT);
    }
  }
  return { kinds, text: text.slice(0, MAX_TEXT_LENGTH) };
}

/** Searches every file `*.log` in a folder and below it. */
export async function scanLogs(folder: string): Promise<{ lines: number; leaks: Leak[] }> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const leaks: Leak[] = [];
  let lines = 0;
  for (const file of files.filter((name) => name.endsWith('.log')).sort()) {
    let number = 0;
    const input = createReadStream(join(folder, file), 'utf8');
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      const found = findSecrets(line);
      if (found.kinds.length > 0) {
        leaks.push({ file, line: number, ...found });
      }
    }
    lines += number;
  }
  return { lines, leaks };
}

const SHOWN = 20;

/** @throws Error that names file and line of each secret, and its kind, but not the secret */
export async function refuseSecretsInLogs(folder: string): Promise<void> {
  const { leaks } = await scanLogs(folder);
  if (leaks.length > 0) {
    const shown = leaks
      .slice(0, SHOWN)
      .map(({ file, line, kinds, text }) => `  ${file}:${line} ${kinds.join(', ')}: ${text}`);
    throw new Error(`${leaks.length} log lines hold secrets:\n${shown.join('\n')}`);
  }
}
