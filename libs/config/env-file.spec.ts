import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvFile } from './env-file';
import { SettingsError } from './settings-error';

describe('a file of settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'env-file-'));
  const path = join(folder, '.env');

  afterAll(() => rmSync(folder, { recursive: true }));

  function read(content: string | Uint8Array): NodeJS.Dict<string> {
    writeFileSync(path, content);
    return readEnvFile(path);
  }

  it('may be missing', () => {
    expect(readEnvFile(join(folder, 'missing'))).toEqual({});
  });

  it.each<[string, string, NodeJS.Dict<string>]>([
    ['empty', '', {}],
    ['with comments and empty lines', '# ports\n\n  # more\nPORT=1\n', { PORT: '1' }],
    ['with line ends of Windows', 'PORT=1\r\nHOST=::1\r\n', { PORT: '1', HOST: '::1' }],
    ['with line ends of the old Macintosh', 'PORT=1\rHOST=::1\r', { PORT: '1', HOST: '::1' }],
    ['with a byte order mark', '\uFEFFPORT=1\n', { PORT: '1' }],
    ['for a shell', 'export PORT=1\n', { PORT: '1' }],
    ['with colons', 'PORT: 1\n', { PORT: '1' }],
    ['with spaces', '  A = 1 \n', { A: '1' }],
    ['with empty values', 'A=\nB=   \nC=1\n', { A: '', B: '', C: '1' }],
    ['with a comment behind a value', 'A=x # y\n', { A: 'x' }],
    ['with quoted values', 'A="x # y"\nB=\'z\'\nC=`w` # comment\n', { A: 'x # y', B: 'z', C: 'w' }],
    ['with variables of a shell, as they are', 'A=$HOME\n', { A: '$HOME' }],
    [
      'with a value over several lines',
      'KEY="one\n# two three\nfour"\nPORT=1\n',
      { KEY: 'one\n# two three\nfour', PORT: '1' },
    ],
  ])('is read %s', (_, content, variables) => {
    expect(read(content)).toEqual(variables);
  });

  const utf16le = Buffer.from('\uFEFFPORT=1\n', 'utf16le');
  it.each([
    ['UTF-16', utf16le],
    ['UTF-16, big endian', Buffer.from(utf16le).swap16()],
    ['UTF-16 without a byte order mark', Buffer.from('PORT=1\n', 'utf16le')],
    ['Latin-1', Buffer.from('NAME=é\n', 'latin1')],
  ])('in %s is refused', (_, content) => {
    expect(() => read(content)).toThrow(new SettingsError(path, 'is not text in UTF-8'));
  });

  it('that is a folder is refused', () => {
    expect(() => readEnvFile(folder)).toThrow(new SettingsError(folder, 'cannot be read (EISDIR)'));
  });

  it.each([
    ['assigns nothing', 'PORT=1\nHOST secret\n', 2],
    ['has no name', '=secret\n', 1],
    ['has a name with a space', '\n\nMY PORT=secret\n', 3],
    ['opens a quote that is never closed', 'A=1\nB="secret\nC=2\n', 2],
  ])('is refused with the number of a line that %s', (_, content, line) => {
    const problem = `cannot be read at line ${line}: write NAME=value`;
    expect(() => read(content)).toThrow(new SettingsError(path, problem));
  });
});
