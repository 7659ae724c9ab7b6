import { dictionary } from '@zxcvbn-ts/language-common';
import { ValidationFailedError } from '../../libs/common';
import { hashingThreads, PasswordHasher } from '../../libs/auth/passwords/password-hasher';
import { PasswordPolicy } from '../../libs/auth/passwords/password-policy';
import { newEmail, PASSWORD, startTestApp, type TestApp } from '../support/app';
import { digestOf, startBreachService, type BreachService } from '../support/breach-service';
import type { Answer } from '../support/http-client';
import { shareOf } from '../support/long-tests';
import { Scrape } from '../support/metrics';

const NEXT_PASSWORD = 'another long password';
const WRONG_PASSWORD = 'a wrong password';
const DAY_MS = 86_400_000;

const COMMON = 'is one of the most common passwords, choose another one';
const CONTEXT =
  'must not be your name, your e-mail address or the name of this service with little added to it';

let app: TestApp;

function register(password: unknown, more: object = {}) {
  return app.http.post('/api/auth/register', { json: { email: newEmail(), password, ...more } });
}

function login(email: string, password: string) {
  return app.http.post('/api/auth/login', { json: { email, password } });
}

function changePassword(token: string, json: object) {
  return app.http.put('/api/auth/profile/password', { token, json });
}

/** The message about one field, which does not contain the password. */
function complaintOf({ status, body }: Answer, field: string): string {
  expect([status, body.code]).toEqual([400, 'validation_failed']);
  const { errors } = body as { errors: { field: string; messages: string[] }[] };
  expect(errors).toEqual([{ field, messages: [expect.any(String)] }]);
  return errors[0]!.messages[0]!.replace(`${field} `, '');
}

describe('passwords', () => {
  beforeAll(async () => {
    app = await startTestApp({ env: { PASSWORD_CONTEXT_WORDS: 'acme' }, realHashes: true });
  });

  afterAll(async () => {
    await app.close();
  });

  it('V6.2.1, V6.2.9: have 8 to 128 characters, of any number of bytes', async () => {
    const alphabet = 'correct horse battery staple ';
    const ofLength = (length: number) => alphabet.repeat(5).slice(0, length);
    const { accessToken: token } = await app.register();
    for (const password of ['', 'a9f3kq8', '🔑ä漢字x9q', ofLength(129), `${ofLength(128)}🔑`]) {
      expect(complaintOf(await register(password), 'password')).toMatch(/ (8|128) characters$/);
      const change = { currentPassword: PASSWORD, newPassword: password };
      const complaint = complaintOf(await changePassword(token, change), 'newPassword');
      expect(complaint).toMatch(/ (8|128) characters$/);
    }
    for (const password of ['a9f3kq8z', '🔑ä漢字x9qй', ofLength(64), ofLength(128)]) {
      expect([password, (await register(password)).status]).toEqual([password, 201]);
    }
    const email = newEmail();
    const longest = '🔑ä漢字'.repeat(25) + ofLength(28);
    expect((await register(longest, { email })).status).toBe(201);
    expect((await login(email, longest)).status).toBe(200);
    expect((await login(email, longest.slice(0, -1))).status).toBe(401);
  });

  it('V6.2.2, V6.2.3: are changed with the current one, and then end every session', async () => {
    const { accessToken: token, user } = await app.register();
    for (const json of [
      { newPassword: NEXT_PASSWORD },
      { currentPassword: '', newPassword: NEXT_PASSWORD },
      { currentPassword: PASSWORD },
    ]) {
      expect((await changePassword(token, json)).body.code).toBe('validation_failed');
    }
    const wrong = { currentPassword: WRONG_PASSWORD, newPassword: NEXT_PASSWORD };
    const refused = await changePassword(token, wrong);
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials']);
    const same = { currentPassword: PASSWORD, newPassword: PASSWORD };
    expect(complaintOf(await changePassword(token, same), 'newPassword')).toBe(
      'must differ from the current password',
    );
    expect((await login(user.email, PASSWORD)).status).toBe(200);

    const right = { currentPassword: PASSWORD, newPassword: NEXT_PASSWORD };
    expect((await changePassword(token, right)).status).toBe(204);
    expect((await app.http.get('/api/auth/profile', { token })).body.code).toBe('token_revoked');
    expect((await login(user.email, PASSWORD)).status).toBe(401);
    expect((await login(user.email, NEXT_PASSWORD)).status).toBe(200);
  });

  it('V6.2.4: are not among the 3,000 most common ones that are long enough', async () => {
    const policy = app.nest.get(PasswordPolicy);
    const owner = { email: newEmail(), displayName: null };
    const common = dictionary['passwords-common']
      .filter((password) => password.length >= 8)
      .slice(0, 3000);
    expect(common).toHaveLength(3000);
    const taken: string[] = [];
    for (const spelling of shareOf(common, 5).flatMap((password) => [
      password,
      password.toUpperCase(),
    ])) {
      const refusal: unknown = await policy
        .check(spelling, 'password', owner)
        .catch((error: unknown) => error);
      if (!(refusal instanceof ValidationFailedError)) {
        taken.push(spelling);
      }
    }
    expect(taken).toEqual([]);
    const { accessToken: token } = await app.register();
    for (const newPassword of [...common.slice(0, 20), ...common.slice(-20)]) {
      expect(complaintOf(await register(newPassword), 'password')).toBe(COMMON);
      const answer = await changePassword(token, { currentPassword: PASSWORD, newPassword });
      expect(complaintOf(answer, 'newPassword')).toBe(COMMON);
    }
  });

  it('V6.2.4: are compared with the list before a password is hashed', async () => {
    const { accessToken: token } = await app.register();
    const hashed = async () => {
      const scrape = await Scrape.of(app.http.origin);
      return scrape.sum('latchkey_password_hashing_duration_seconds_count');
    };
    const before = await hashed();
    await register('password1');
    await changePassword(token, { currentPassword: PASSWORD, newPassword: 'password1' });
    expect(await hashed()).toBe(before);
  });

  it('V6.2.5: may have any characters', async () => {
    for (const password of [
      'correcthorsebattery',
      'CORRECTHORSEBATTERY',
      '8365017294471',
      '%&$/(=?!*#;:',
      '    nine or ten    ',
      'пароль из букв',
      '密码和一些更多的字',
      '🔑🐎🔋📎🔑🔑🐎🐎🔋',
      '"; DROP TABLE users; --',
      '<script>alert(1)</script>',
    ]) {
      const email = newEmail();
      expect([password, (await register(password, { email })).status]).toEqual([password, 201]);
      expect([password, (await login(email, password)).status]).toEqual([password, 200]);
    }
  });

  it('V6.2.8: are compared exactly as they were sent', async () => {
    const email = newEmail();
    const password = '  Correct horse Bättery staple  ';
    expect((await register(password, { email })).status).toBe(201);
    for (const other of [
      password.trim(),
      password.toLowerCase(),
      password.normalize('NFD'),
      password.replace('ä', 'a'),
      password.slice(0, -1),
      `${password} `,
    ]) {
      expect([other, (await login(email, other)).status]).toEqual([other, 401]);
    }
    expect((await login(email, password)).status).toBe(200);

    const bare = newEmail();
    expect((await register(PASSWORD, { email: bare })).status).toBe(201);
    for (const other of [` ${PASSWORD}`, `${PASSWORD} `, `${PASSWORD}\n`]) {
      expect([other, (await login(bare, other)).status]).toEqual([other, 401]);
    }
  });

  it('V6.2.10: do not expire', async () => {
    const { user } = await app.register();
    app.clock.advance(3 * 366 * DAY_MS);
    expect((await login(user.email, PASSWORD)).status).toBe(200);
  });

  it('V6.2.11: are no words of the context with little added', async () => {
    const displayName = 'Ada Lovelace';
    const email = `king.${newEmail()}`;
    const words = ['latchkey2026', 'Acme-2026!', 'ada_lovelace', 'lovelace1815', email, 'king!!!!'];
    for (const password of words) {
      const answer = await register(password, { email, displayName });
      expect([password, complaintOf(answer, 'password')]).toEqual([password, CONTEXT]);
    }
    const registered = await register(PASSWORD, { email, displayName });
    const token = registered.body.accessToken as string;
    for (const newPassword of words) {
      const answer = await changePassword(token, { currentPassword: PASSWORD, newPassword });
      expect([newPassword, complaintOf(answer, 'newPassword')]).toEqual([newPassword, CONTEXT]);
    }
    // They are context words for their owner alone, and not with more than a little added.
    expect((await register('lovelace1815')).status).toBe(201);
    const newPassword = 'lovelace wrote the first program';
    const changed = await changePassword(token, { currentPassword: PASSWORD, newPassword });
    expect(changed.status).toBe(204);
  });

  it('V11.4.2: are kept as argon2id with 19 MiB and two passes', async () => {
    const { user } = await app.register();
    const [row] = await app.database.sql.query<[{ password_hash: string }]>(
      'SELECT password_hash FROM users WHERE id = $1',
      [user.id],
    );
    expect(row.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('V6.3.8: do not reveal at a sign-in which accounts exist', async () => {
    const { user } = await app.register();
    const disabled = await app.register();
    await app.database.sql.query('UPDATE users SET disabled_at = now() WHERE id = $1', [
      disabled.user.id,
    ]);
    const answers = [];
    for (const email of [user.email, disabled.user.email, newEmail()]) {
      const { status, body, headers } = await login(email, WRONG_PASSWORD);
      answers.push({
        status,
        body: { ...body, requestId: '' },
        headers: [...headers.keys()].sort(),
      });
    }
    expect(answers[0]).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    const right = await login(disabled.user.email, PASSWORD);
    expect([right.status, right.body.code]).toEqual([403, 'forbidden']);
  });
});

describe('more passwords than there is room to hash', () => {
  afterEach(async () => {
    await app.close();
  });

  it('V15.2.2: are refused at once with Retry-After, and no request hangs', async () => {
    app = await startTestApp({ env: { PASSWORD_QUEUE: '2' }, realHashes: true });
    const { accessToken: token, user } = await app.register();
    const hasher = app.nest.get(PasswordHasher);
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const attempts = 2 * hashingThreads() + 2;
    // Of the same class as the requests below, and of their address.
    const known = { party: '127.0.0.1', class: 'known' } as const;
    const busy = Array.from({ length: attempts }, () => hasher.inTurn(known, () => finished));

    const json = { currentPassword: PASSWORD };
    const refused = await Promise.all([
      register(PASSWORD),
      login(user.email, PASSWORD),
      login(newEmail(), PASSWORD),
      changePassword(token, { ...json, newPassword: NEXT_PASSWORD }),
      app.http.call('DELETE', '/api/auth/profile', { token, json }),
    ]);
    for (const { status, headers, body } of refused) {
      expect([status, body.code]).toEqual([503, 'overloaded']);
      expect(headers.get('retry-after')).toBe('1');
    }
    const profile = await app.http.get('/api/auth/profile', { token });
    expect(profile.status).toBe(200);
    const scrape = await Scrape.of(app.http.origin);
    expect(scrape.sum('latchkey_password_hashing_waiting')).toBe(2);
    expect(scrape.sum('latchkey_password_hashing_refused_total')).toBe(5);
    expect(scrape.sum('latchkey_logins_total', { result: 'overloaded' })).toBe(2);

    finish();
    await Promise.all(busy);
    expect((await login(user.email, PASSWORD)).status).toBe(200);
  });
});

describe('passwords of data breaches', () => {
  const BREACHED = 'a password of a breach';
  let service: BreachService;

  beforeEach(async () => {
    service = await startBreachService([BREACHED]);
  });

  afterEach(async () => {
    await app.close();
    await service.stop();
  });

  it('V6.2.12: are refused where the check is on, by five digits of a hash', async () => {
    app = await startTestApp({
      env: { BREACHED_PASSWORD_CHECK: 'on', BREACHED_PASSWORD_URL: `${service.url}/` },
    });
    const message = 'was found in a data breach, choose another one';
    expect(complaintOf(await register(BREACHED), 'password')).toBe(message);
    const { accessToken: token } = await app.register();
    const json = { currentPassword: PASSWORD, newPassword: BREACHED };
    expect(complaintOf(await changePassword(token, json), 'newPassword')).toBe(message);
    expect(service.asked.map(({ url }) => url)).toEqual(
      [BREACHED, PASSWORD, BREACHED].map(
        (password) => `/range/${digestOf(password).slice(0, 5)}?mode=sha1`,
      ),
    );
    // The service is not asked about a password that is refused anyway.
    await register('password1');
    expect(service.asked).toHaveLength(3);
  });

  it('V6.2.12: are not looked up by default', async () => {
    app = await startTestApp({ env: { BREACHED_PASSWORD_URL: service.url } });
    expect((await register(BREACHED)).status).toBe(201);
    expect(service.asked).toEqual([]);
  });

  it('V6.2.12: are accepted with a warning while the service does not answer', async () => {
    app = await startTestApp({
      env: { BREACHED_PASSWORD_CHECK: 'on', BREACHED_PASSWORD_URL: service.url },
    });
    service.answer = () => undefined;
    expect((await register(BREACHED)).status).toBe(201);
    expect(service.asked).toHaveLength(1);
    const warnings = app.log.filter((line) => line.includes('not checked for breaches'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0]!)).toMatchObject({ level: 40, reason: 'TimeoutError' });
    expect(app.log.join('\n')).not.toContain(digestOf(BREACHED).slice(0, 5));
  });
});
