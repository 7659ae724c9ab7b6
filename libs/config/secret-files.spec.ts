import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SECRET_SETTINGS, withSecretFiles } from './secret-files';

describe('secrets from files', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function file(content: string | Uint8Array): string {
    const path = join(folder, 'secret');
    writeFileSync(path, content);
    return path;
  }

  it.each(SECRET_SETTINGS)('%s_FILE stands for %s', (name) => {
    const env = withSecretFiles({ HOST: 'here', [`${name}_FILE`]: file('one\n') });
    expect(env).toMatchObject({ HOST: 'here', [name]: 'one' });
  });

  it.each([
    ['as it is', ' a b ', ' a b '],
    ['without the end of its line', 'a\n', 'a'],
    ['without the end of its line on Windows', 'a\r\n', 'a'],
    ['with all lines but that end', 'a\nb\n\n', 'a\nb\n'],
  ])('a file is taken %s', (_, content, secret) => {
    expect(withSecretFiles({ JWT_SECRET_FILE: file(content) }).JWT_SECRET).toBe(secret);
  });

  it.each([
    ['is not there', () => ({ JWT_SECRET_FILE: '/nowhere/at/all' }), 'cannot be read (ENOENT)'],
    ['is a folder', () => ({ JWT_SECRET_FILE: folder }), 'cannot be read (EISDIR)'],
    [
      'is in UTF-16',
      () => ({ JWT_SECRET_FILE: file(Buffer.from('secret', 'utf16le')) }),
      'is not text in UTF-8',
    ],
    ['is empty', () => ({ JWT_SECRET_FILE: file('\n') }), 'is empty'],
    [
      'contradicts the environment',
      () => ({ JWT_SECRET_FILE: file('a'), JWT_SECRET: 'b' }),
      'must not be set together with JWT_SECRET',
    ],
  ])(
    'a file that %s stops the start, and neither its path nor its content is repeated',
    (_, env, problem) => {
      const attempt = () => withSecretFiles(env());
      expect(attempt).toThrow(/^JWT_SECRET_FILE /);
      expect(attempt).toThrow(problem);
      expect(attempt).not.toThrow(folder);
    },
  );

  it('an empty name counts as unset', () => {
    expect(withSecretFiles({ JWT_SECRET_FILE: '', JWT_SECRET: 'a' }).JWT_SECRET).toBe('a');
  });
});
