import { dictionary } from '@zxcvbn-ts/language-common';
import { ValidationFailedError } from '#libs/common';
import { AuthOptions } from '../auth.options';
import { BreachedPasswords } from './breached-passwords';
import type { PasswordOwner } from './context-words';
import { PasswordPolicy } from './password-policy';

const ADA: PasswordOwner = { email: 'ada.king@example.com', displayName: 'Ada Lovelace' };

const CONTEXT =
  'must not be your name, your e-mail address or the name of this service with little added to it';
const COMMON = 'is one of the most common passwords, choose another one';
const PATTERN = 'must not be a repetition or a sequence of characters';

describe('the password policy', () => {
  let policy: PasswordPolicy;
  let breached: BreachedPasswords;

  beforeAll(async () => {
    const passwords = { contextWords: ['Acme Shop'] };
    const options = Object.assign(new AuthOptions(), { issuer: 'latchkey', passwords });
    breached = new BreachedPasswords(options);
    policy = new PasswordPolicy(options, breached);
    await policy.onModuleInit();
  });

  afterAll(() => breached.onApplicationShutdown());

  async function refusal(password: string, owner = ADA): Promise<string | null> {
    try {
      await policy.check(password, 'newPassword', owner);
      return null;
    } catch (error) {
      expect(error).toBeInstanceOf(ValidationFailedError);
      const { errors, message } = error as ValidationFailedError;
      expect(errors).toEqual([
        { field: 'newPassword', messages: [expect.stringMatching(/^newPassword /)] },
      ]);
      const [sentence = ''] = errors[0]!.messages;
      expect(sentence + message).not.toContain(password);
      return sentence.replace('newPassword ', '');
    }
  }

  it.each([
    'iloveyou',
    'PassWord1',
    'qwertyuiop',
    'trustno1',
    'p@ssword',
    'P@ssw0rd1',
    '5un5h1ne',
    'drowssap',
    'passwordpassword',
    'ｐａｓｓｗｏｒｄ',
  ])('refuses %s, which is common', async (password) => {
    expect(await refusal(password)).toBe(COMMON);
  });

  it.each([
    'zzzzzzzz',
    'ZZZZZZZZ',
    '88888888',
    '😀😀😀😀😀😀😀😀',
    'latch!latch!latch!',
    'abcdefgh',
    'hgfedcba',
    'abcd'.repeat(32),
    'defghijk4567',
  ])('refuses %s, a repetition or sequence', async (password) => {
    expect(await refusal(password)).toBe(PATTERN);
  });

  it.each([
    ['the service', 'Latchkey'],
    ['the service and a year', 'latchkey2026!'],
    ['the service twice', 'latchkeylatchkey'],
    ['the service between signs', '!!!latchkey???'],
    ['the service and many of one sign', 'latchkey------------'],
    ['the service and a sequence', 'latchkey12345678'],
    ['the service and a common password', 'latchkeypassword'],
    ['the service in signs', 'L4tchk3y'],
    ["the organisation's name", 'acme-shop'],
    ["a part of the organisation's name", 'Acme2026!'],
    ['the e-mail address', 'ada.king@example.com'],
    ['the e-mail address in capitals', 'ADA.KING@EXAMPLE.COM!'],
    ['the local part of the address', 'ada.king1'],
    ['a part of the local part', 'king12345'],
    ['the local part with other separators', 'ada_king'],
    ['the name', 'Ada Lovelace'],
    ['the name in one word', 'adalovelace'],
    ['a part of the name and a year', 'lovelace1815'],
    ['the name twice', 'adalovelace-adalovelace'],
    ['name and service', 'Ada@Latchkey'],
  ])('refuses %s: %s', async (_what, password) => {
    expect(await refusal(password)).toBe(CONTEXT);
  });

  it('refuses a number that is the local part of the address', async () => {
    const owner = { email: '739204518@example.com', displayName: null };
    expect(await refusal('739204518', owner)).toBe(CONTEXT);
    expect(await refusal('739204518')).toBeNull();
  });

  it.each([
    'correct horse battery staple',
    'a brighter horse battery staple',
    'a long enough password',
    'adamant mongoose',
    'the latchkey under the mat',
    'my canada goose',
    'kingfisher river 9',
    'lovelace wrote the first program',
    'tr0ub4dor&3',
    'ada 83650172944',
    'пароль из букв',
    '        x',
  ])('takes %j', async (password) => {
    expect(await refusal(password)).toBeNull();
  });

  it('takes any password from a user whose name has no letters to compare', async () => {
    const owner = { email: 'a@example.com', displayName: '!' };
    expect(await refusal('a9f3kq8z', owner)).toBeNull();
  });

  it('takes passphrases of words, also when a name occurs in a word', async () => {
    const words = dictionary['diceware-common'];
    const owners = [
      ADA,
      { email: 'tom@example.com', displayName: 'Tom' },
      { email: 'art.ring@example.com', displayName: 'Art' },
    ];
    const refused: string[] = [];
    for (let at = 0; at + 2 < words.length; at++) {
      const passphrase = [
        words[at],
        words[(at * 31) % words.length],
        words[(at * 17) % words.length],
      ];
      const password = passphrase.join(' ');
      const owner = owners[at % owners.length];
      if (
        new Set(passphrase).size === 3 &&
        password.length >= 12 &&
        (await refusal(password, owner))
      ) {
        refused.push(password);
      }
    }
    expect(words.length).toBeGreaterThan(7000);
    expect(refused).toEqual([]);
  });
});
