import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLuaSource } from './lua-source';

describe('reading a Lua script', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-lua-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function write(path: string, text: string): string {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  it('names it after its file and does not change a text without includes', () => {
    const text = "-- says hello\nreturn 'hello $& $1'\n";
    expect(readLuaSource(write('say-hello.lua', text))).toEqual({
      name: 'say-hello',
      source: text,
    });
  });

  it('puts an included file in the place of the line that names it', () => {
    write('shared.lua', 'local ONE = 1');
    const script = write('main.lua', '-- first\n--- @include shared.lua\nreturn ONE\n');
    expect(readLuaSource(script).source).toBe('-- first\nlocal ONE = 1\nreturn ONE\n');
  });

  it('takes every include of a script, in order', () => {
    write('a.lua', 'local a = 1');
    write('b.lua', 'local b = 2');
    const script = write('main.lua', '--- @include a.lua\n--- @include b.lua\nreturn a + b\n');
    expect(readLuaSource(script).source).toBe('local a = 1\nlocal b = 2\nreturn a + b\n');
  });

  it('resolves an include relative to the file that contains it, at any depth', () => {
    write('common/inner.lua', 'local inner = 1');
    write('common/outer.lua', '--- @include inner.lua\nlocal outer = inner');
    const script = write('feature/scripts/main.lua', '--- @include ../../common/outer.lua\n');
    expect(readLuaSource(script).source).toBe('local inner = 1\nlocal outer = inner\n');
  });

  it('copies replacement patterns of an included file literally', () => {
    const pattern = "string.gsub(text, '$&', '$1$$')";
    write('shared.lua', pattern);
    expect(readLuaSource(write('main.lua', '--- @include shared.lua')).source).toBe(pattern);
  });

  it.each([
    ['an ordinary comment', '-- @include shared.lua'],
    ['the middle of a line', 'return 1 --- @include shared.lua'],
    ['a line that names two files', '--- @include shared.lua other.lua'],
  ])('does not take %s for an include', (_where, text) => {
    expect(readLuaSource(write('main.lua', text)).source).toBe(text);
  });

  it('stops at a script that does not exist', () => {
    expect(() => readLuaSource(join(folder, 'missing.lua'))).toThrow(/ENOENT.*missing\.lua/);
  });

  it('stops at an include that does not exist, and names it', () => {
    const script = write('main.lua', '--- @include missing.lua\nreturn 1\n');
    expect(() => readLuaSource(script)).toThrow(/ENOENT.*missing\.lua/);
  });
});
