import { pbkdf2Sync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newEmail, startTestApp, type TestApp } from '../support/app';
import { buildOnce } from '../support/build';
import { expectOneSentence, runCli, runCommand, type CliAnswer } from '../support/cli';
import { auditRows } from '../support/audit-events';
import { sharedStores } from '../support/shared-stores';

const PASSWORD = 'the pässword of another system 🔑';

/** Made by libxcrypt and by Python's hashlib; those of Argon2 by its reference implementation. */
const FORMATS: [format: string, hash: string, password?: string][] = [
  ['bcrypt 2a', '$2a$06$uKL3zYhmOxDT2QXGV9nqLOtpv.9IJ9VoLAtYUCL5zw5l8gLup4gkm'],
  ['bcrypt 2b', '$2b$06$uKL3zYhmOxDT2QXGV9nqLOtpv.9IJ9VoLAtYUCL5zw5l8gLup4gkm'],
  ['bcrypt 2y', '$2y$06$uKL3zYhmOxDT2QXGV9nqLOtpv.9IJ9VoLAtYUCL5zw5l8gLup4gkm'],
  [
    'scrypt',
    '$scrypt$ln=14,r=8,p=1$c2FsdCBvZiBzY3J5cHQhIQ$00bhUNr4Lkh9z168WY8klHjI11DfUB6CyNs75oYqbr4',
  ],
  [
    'PBKDF2 with SHA-256',
    '$pbkdf2-sha256$i=60000$c2FsdCBvZiBwYmtkZjIhIQ$3vekF/5oLW82C8Fikr2qLLRCBwVjwqo6x1AsD+opkt0',
  ],
  [
    'PBKDF2 with SHA-512',
    '$pbkdf2-sha512$i=21000$c2FsdCBvZiBwYmtkZjIhIQ' +
      '$N6qPndJpTQfTePjhIInuGrDEMKCrOwj1pWsfsU0GJI6C0Qou8Il3uPgrMWHrjjf1If3ZfvIWRNiXIKG6S8i3Lw',
  ],
  [
    'PBKDF2 of passlib',
    '$pbkdf2-sha256$29000$c2FsdCBvZiBwYmtkZjIhIQ$GfAFFpUmjlpYhDgbVWkOEv7VHxkCqeMN9RWVWUoKyEI',
  ],
  [
    'Argon2i',
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    'password',
  ],
  [
    'Argon2id of other parameters',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    'password',
  ],
];

const [, BCRYPT] = FORMATS[1]!;
const TODAY = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;
const HASH = /\$(2[aby]|scrypt|pbkdf2|argon2)/;

/** Valid in form, but each check takes minutes or gigabytes. */
const HOSTILE = [
  '$2b$31$uKL3zYhmOxDT2QXGV9nqLOtpv.9IJ9VoLAtYUCL5zw5l8gLup4gkm',
  '$scrypt$ln=30,r=8,p=1$c2FsdCBvZiBzY3J5cHQhIQ$00bhUNr4Lkh9z168WY8klHjI11DfUB6CyNs75oYqbr4',
  '$scrypt$ln=10,r=8,p=99999999$c2FsdCBvZiBzY3J5cHQhIQ$00bhUNr4Lkh9z168WY8klHjI11DfUB6CyNs75oYqbr4',
  '$pbkdf2-sha256$i=2000000000$c2FsdCBvZiBwYmtkZjIhIQ$3vekF/5oLW82C8Fikr2qLLRCBwVjwqo6x1AsD+opkt0',
  '$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=64,t=4000000000,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
];

/** Invalid. The second would match every password. No function can compute the last four. */
const MALFORMED = [
  '5f4dcc3b5aa765d61d8327deb882cf99',
  '$scrypt$ln=14,r=8,p=1$c2FsdCBvZiBzY3J5cHQhIQ$',
  '$2b$06$uKL3zYhmOxDT2QXGV9nqLOtpv.9IJ9VoLAtYUCL5zw5l8gLup4gk',
  '$argon2id$v=19$m=12,t=20,p=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=18$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$scrypt$ln=16,r=1,p=1$c2FsdCBvZiBzY3J5cHQhIQ$00bhUNr4Lkh9z168WY8klHjI11DfUB6CyNs75oYqbr4',
  '$pbkdf2-sha256$i=4000000000$c2FsdCBvZiBwYmtkZjIhIQ$3vekF/5oLW82C8Fikr2qLLRCBwVjwqo6x1AsD+opkt0',
];

function pbkdf2HashOf(password: string): string {
  const salt = Buffer.from('salt of pbkdf2!!');
  const hash = pbkdf2Sync(password, salt, 1000, 32, 'sha256');
  const parts = [salt, hash].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  return `$pbkdf2-sha256$i=1000$${parts.join('$')}`;
}

describe('latchkey users import', () => {
  let app: TestApp;
  let settings: Record<string, string>;

  beforeAll(async () => {
    await buildOnce();
    app = await startTestApp({ realHashes: true });
    settings = {
      DATABASE_URL: app.database.url,
      REDIS_URL: app.redis.url,
      JWT_SECRET: 'a secret of the tests, long enough',
    };
  }, 120_000);

  afterAll(async () => {
    await app.close();
  });

  async function importLines(lines: unknown[], ...args: string[]): Promise<CliAnswer> {
    const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
    const answer = await runCommand(['users', 'import', ...args], settings, {
      input: input.join('\n'),
    });
    expect(answer.stdout + answer.stderr).not.toMatch(HASH);
    return answer;
  }

  function login(email: string, password: string) {
    return app.http.post('/api/auth/login', { json: { email, password } });
  }

  async function rowOf(email: string): Promise<Record<string, unknown> | undefined> {
    const rows = await app.database.sql.query<Record<string, unknown>[]>(
      'SELECT * FROM users WHERE email = $1',
      [email],
    );
    return rows[0];
  }

  async function countUsers(): Promise<number> {
    const [row] = await app.database.sql.query<[{ count: number }]>(
      'SELECT count(*)::int AS count FROM users',
    );
    return row.count;
  }

  it('V11.4.2: an imported hash of each kind accepts its password alone, and is replaced', async () => {
    const accounts = FORMATS.map(([format, passwordHash, password = PASSWORD]) => ({
      format,
      email: newEmail(),
      passwordHash,
      password,
    }));
    const lines = accounts.map(({ email, passwordHash }) => ({ email, passwordHash }));
    expect(await importLines(lines, '--json')).toEqual({
      exitCode: 0,
      stdout: `{"created":${FORMATS.length},"skipped":0,"bad":0,"dryRun":false}\n`,
      stderr: '',
    });
    for (const { format, email, password, passwordHash } of accounts) {
      const wrong = await login(email, `${password}!`);
      expect([format, wrong.status, wrong.body.code]).toEqual([format, 401, 'invalid_credentials']);
      expect((await rowOf(email))?.password_hash).toBe(passwordHash);

      expect([format, (await login(email, password)).status]).toEqual([format, 200]);
      expect((await rowOf(email))?.password_hash).toMatch(TODAY);

      expect([format, (await login(email, password)).status]).toEqual([format, 200]);
      expect((await login(email, `${password}!`)).status).toBe(401);
    }
  });

  it('V6.2.8: a password of more than 72 bytes counts as a whole once its bcrypt hash is replaced', async () => {
    const email = newEmail();
    const password = 'a long password, number one '.repeat(4);
    const passwordHash = '$2b$06$uKL3zYhmOxDT2QXGV9nqLOC8uLgIRk7Y910RgBUXQ8pjQkX5.xVIy';
    expect((await importLines([{ email, passwordHash }])).exitCode).toBe(0);
    expect((await login(email, password)).status).toBe(200);
    expect((await login(email, password.slice(0, 72))).status).toBe(401);
    expect((await login(email, password)).status).toBe(200);
  });

  it.each([
    ['150 characters', 'ein Kennwort von früher '.repeat(7).slice(0, 150)],
    ['1024 bytes', 'ß'.repeat(512)],
    ['3 characters', 'abc'],
  ])(
    'V6.2.1: a password of %s from another system is accepted, and can be changed',
    async (_, old) => {
      const [changing, leaving] = [newEmail(), newEmail()];
      const passwordHash = pbkdf2HashOf(old);
      const lines = [changing, leaving].map((email) => ({ email, passwordHash }));
      expect((await importLines(lines)).exitCode).toBe(0);
      const tokens: string[] = [];
      for (const email of [changing, leaving]) {
        const { status, body } = await login(email, old);
        expect(status).toBe(200);
        tokens.push(body.accessToken as string);
        expect((await login(email, `${old.slice(1)}x`)).status).toBe(401);
      }
      const [token, leavingToken] = tokens as [string, string];
      const tooLong = { currentPassword: old, newPassword: `new ${'0123 abc xyz'.repeat(11)}` };
      const path = '/api/auth/profile/password';
      expect((await app.http.put(path, { token, json: tooLong })).status).toBe(400);
      const json = { currentPassword: old, newPassword: 'a brighter horse battery staple' };
      expect((await app.http.put(path, { token, json })).status).toBe(204);
      const gone = await app.http.delete('/api/auth/profile', {
        token: leavingToken,
        json: { currentPassword: old },
      });
      expect(gone.status).toBe(204);
    },
  );

  it('V6.2.1: a password of 1025 bytes is refused before it is checked', async () => {
    const { status, body } = await login(newEmail(), `${'ß'.repeat(512)}x`);
    expect([status, body.code]).toEqual([400, 'validation_failed']);
    expect(body.errors).toEqual([
      { field: 'password', messages: ['password must have at most 1024 bytes'] },
    ]);
  });

  it('imports name, role and state, and records it', async () => {
    const [admin, disabled] = [newEmail(), newEmail()];
    const answer = await importLines([
      {
        email: ` ${admin.toUpperCase()} `,
        passwordHash: BCRYPT,
        displayName: 'Ada',
        role: 'admin',
      },
      '',
      { email: disabled, passwordHash: BCRYPT, disabled: true, displayName: null, role: null },
    ]);
    expect(answer).toEqual({
      exitCode: 0,
      stdout:
        'Accounts created: 2.\nLines skipped because the account exists: 0.\nInvalid lines: 0.\n',
      stderr: '',
    });
    const signedIn = await login(admin, PASSWORD);
    expect(signedIn.body.user).toMatchObject({ email: admin, displayName: 'Ada', role: 'admin' });
    const refused = await login(disabled, PASSWORD);
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    const unproved = await login(disabled, 'a wrong password');
    expect([unproved.status, unproved.body.code]).toEqual([401, 'invalid_credentials']);

    const events = await auditRows(app.database.sql);
    for (const [email, details] of [
      [admin, { role: 'admin', disabled: false }],
      [disabled, { role: 'user', disabled: true }],
    ] as const) {
      const { id } = (await rowOf(email))!;
      expect(events).toContainEqual(
        expect.objectContaining({ name: 'account_imported', user_id: id, actor_id: null, details }),
      );
    }
  });

  it('V11.4.2: hashes that cost minutes or gigabytes, or that are malformed, are refused', async () => {
    const emails = [...HOSTILE, ...MALFORMED].map(() => newEmail());
    const lines = [...HOSTILE, ...MALFORMED].map((passwordHash, at) => ({
      email: emails[at],
      passwordHash,
    }));
    const { exitCode, stderr, stdout } = await importLines(lines, '--json');
    expect([exitCode, JSON.parse(stdout)]).toEqual([
      1,
      { created: 0, skipped: 0, bad: lines.length, dryRun: false },
    ]);
    const reasons = stderr.trimEnd().split('\n');
    expect(reasons.slice(0, HOSTILE.length)).toEqual(
      HOSTILE.map(
        (_, at) =>
          expect.stringMatching(
            new RegExp(`^line ${at + 1}: passwordHash costs more than .* at each sign-in$`),
          ) as string,
      ),
    );
    expect(reasons).toHaveLength(lines.length + 1);
    reasons.slice(HOSTILE.length, -1).forEach((reason, at) => {
      expect(reason).toMatch(new RegExp(`^line ${HOSTILE.length + at + 1}: passwordHash .`));
    });
    for (const email of emails) {
      expect(await rowOf(email)).toBeUndefined();
    }
  });

  it('a stored hash that no function can compute is refused as a wrong password', async () => {
    const { user } = await app.register();
    const hash = MALFORMED.find((text) => text.includes('m=12,t=20,p=2'));
    await app.database.sql.query('UPDATE users SET password_hash = $1 WHERE id = $2', [
      hash,
      user.id,
    ]);
    const { status, body } = await login(user.email, PASSWORD);
    expect([status, body.code]).toEqual([401, 'invalid_credentials']);
  });

  it('reports each bad line by its number, and imports the others', async () => {
    const [first, last] = [newEmail(), newEmail()];
    const { exitCode, stdout, stderr } = await importLines([
      { email: first, passwordHash: BCRYPT },
      '{"email": "half',
      { email: 'x@localhost', passwordHash: BCRYPT },
      { passwordHash: BCRYPT },
      { email: newEmail() },
      { email: newEmail(), passwordHash: BCRYPT, role: 'emperor' },
      { email: newEmail(), passwordHash: BCRYPT, disabled: 'yes' },
      { email: newEmail(), passwordHash: BCRYPT, displayName: '\u202e' },
      { email: newEmail(), passwordHash: BCRYPT, 'pass\u001b[2Jword': 'x' },
      ['not', 'an', 'object'],
      `{"__proto__": {"role": "admin"}, "email": "${newEmail()}", "passwordHash": "${BCRYPT}"}`,
      `{"email": "${'x'.repeat(20_000)}@example.com"}`,
      { email: last, passwordHash: BCRYPT },
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(
      'Accounts created: 2.\nLines skipped because the account exists: 0.\nInvalid lines: 11.\n',
    );
    const complaints = stderr.trimEnd().split('\n');
    expect(complaints.map((complaint) => complaint.replace(/:.*/, ''))).toEqual([
      ...Array.from({ length: 11 }, (_, at) => `line ${at + 2}`),
      'latchkey',
    ]);
    expect(complaints[0]).toBe('line 2: the line is not valid JSON');
    expect(complaints[1]).toBe('line 3: email must have a domain with a dot');
    expect(stderr).not.toMatch(/[^\n\P{C}]/u);
    expect([await rowOf(first), await rowOf(last)]).not.toContain(undefined);
  });

  it('skips existing accounts without changing them, and so can be repeated', async () => {
    const { user } = await app.register();
    const before = await rowOf(user.email);
    const lines = [
      { email: user.email.toUpperCase(), passwordHash: BCRYPT, role: 'admin', disabled: true },
      ...Array.from({ length: 1100 }, () => ({ email: newEmail(), passwordHash: BCRYPT })),
    ];
    const twice = [...lines, lines[1], lines.at(-1)];
    const first = await importLines(twice, '--json');
    expect([first.exitCode, JSON.parse(first.stdout)]).toEqual([
      0,
      { created: 1100, skipped: 3, bad: 0, dryRun: false },
    ]);
    expect(await rowOf(user.email)).toEqual(before);
    const users = await countUsers();
    const again = await importLines(twice, '--json');
    expect([again.exitCode, JSON.parse(again.stdout)]).toEqual([
      0,
      { created: 0, skipped: 1103, bad: 0, dryRun: false },
    ]);
    expect(await countUsers()).toBe(users);
  });

  it('writes nothing in a dry run, and counts', async () => {
    const { user } = await app.register();
    const file = join(mkdtempSync(join(sharedStores().folder, 'import-')), 'users.jsonl');
    const emails = [user.email, newEmail(), newEmail()];
    const lines = emails.map((email) => JSON.stringify({ email, passwordHash: BCRYPT }));
    writeFileSync(file, [...lines, 'no line'].join('\r\n'));
    const users = await countUsers();
    const { exitCode, stdout } = await runCommand(['users', 'import', file, '--dry-run'], settings);
    expect([exitCode, stdout]).toEqual([
      1,
      'Accounts that would be created: 2.\nLines skipped because the account exists: 1.\nInvalid lines: 1.\n',
    ]);
    expect(await countUsers()).toBe(users);

    const done = await runCommand(['users', 'import', file], settings);
    expect([done.exitCode, await countUsers()]).toEqual([1, users + 2]);
  });

  it('uses memory that does not grow with the number of lines', async () => {
    const padding = ' '.repeat(14_000);
    const lines = Array.from(
      { length: 3_000 },
      () => `{"email":"one-and-the-same@example.com",${padding}"passwordHash":"${BCRYPT}"}`,
    );
    const file = join(mkdtempSync(join(sharedStores().folder, 'import-')), 'users.jsonl');
    writeFileSync(file, lines.join('\n'));
    const { exitCode, stdout } = await runCli(['users', 'import', file, '--json'], {
      ...settings,
      // The program itself takes most of it, and the file does not fit in.
      NODE_OPTIONS: '--max-old-space-size=70',
    });
    expect([exitCode, stdout]).toEqual([
      0,
      '{"created":1,"skipped":2999,"bad":0,"dryRun":false}\n',
    ]);
  });

  it.each([
    ['a file that is not there', 'absent.jsonl'],
    ['a folder', '.'],
  ])('cannot read %s, and reports that', async (_what, file) => {
    const answer = await runCommand(['users', 'import', file], settings);
    expect(answer.exitCode).toBe(1);
    expectOneSentence(answer);
    expect(answer.stderr).toContain(`${file} cannot be read`);
  });
});
