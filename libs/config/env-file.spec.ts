import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkEnvFile } from './env-file';
import { SettingsError } from './settings-error';

describe('a file of settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'env-file-'));
  const path = join(folder, '.env');

  afterAll(() => rmSync(folder, { recursive: true }));

  function check(content: string | Uint8Array): void {
    writeFileSync(path, content);
    checkEnvFile(path);
  }

  it('may be missing', () => {
    expect(() => checkEnvFile(join(folder, 'missing'))).not.toThrow();
  });

  it.each([
    ['empty', ''],
    ['with comments and empty lines', '# ports\n\n  # more\nPORT=1\n'],
    ['with line ends of Windows', 'PORT=1\r\nHOST=::1\r\n'],
    ['with line ends of the old Macintosh', 'PORT=1\rHOST=::1\r'],
    ['with a byte order mark', '\uFEFFPORT=1\n'],
    ['for a shell', 'export PORT=1\n'],
    ['with colons', 'PORT: 1\n'],
    ['with an empty value', 'PORT=\n'],
    ['with quoted values', 'A="x # y"\nB=\'z\'\nC=`w` # comment\n'],
    ['with a value over several lines', 'KEY="one\ntwo three\nfour"\nPORT=1\n'],
  ])('is accepted %s', (_, content) => {
    expect(() => check(content)).not.toThrow();
  });

  const utf16le = Buffer.from('\uFEFFPORT=1\n', 'utf16le');
  it.each([
    ['UTF-16', utf16le],
    ['UTF-16, big endian', Buffer.from(utf16le).swap16()],
    ['UTF-16 without a byte order mark', Buffer.from('PORT=1\n', 'utf16le')],
    ['Latin-1', Buffer.from('NAME=é\n', 'latin1')],
  ])('in %s is refused', (_, content) => {
    expect(() => check(content)).toThrow(new SettingsError(path, 'is not text in UTF-8'));
  });

  it('that is a folder is refused', () => {
    expect(() => checkEnvFile(folder)).toThrow(
      new SettingsError(folder, 'cannot be read (EISDIR)'),
    );
  });

  it.each([
    ['assigns nothing', 'PORT=1\nHOST secret\n', 2],
    ['has no name', '=secret\n', 1],
    ['has a name with a space', '\n\nMY PORT=secret\n', 3],
    ['opens a quote that is never closed', 'A=1\nB="secret\nC=2\n', 2],
  ])('is refused with the number of a line that %s', (_, content, line) => {
    const problem = `cannot be read at line ${line}: write NAME=value`;
    expect(() => check(content)).toThrow(new SettingsError(path, problem));
  });
});
