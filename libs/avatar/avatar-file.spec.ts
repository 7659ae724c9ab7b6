import { avatarFiles, avatarUrl, nameOfFile, nameOfUrl, newAvatarName } from './avatar-file';

const NAME = 'ab'.repeat(32);

describe('avatar files', () => {
  it('get a different hash as their name each time', () => {
    const content = Buffer.from('picture');
    const names = new Set(Array.from({ length: 100 }, () => newAvatarName(content)));
    expect(names.size).toBe(100);
    names.forEach((name) => expect(name).toMatch(/^[0-9a-f]{64}$/));
  });

  it('map a name to files and an address, and back', () => {
    expect(avatarFiles(NAME)).toEqual([`${NAME}-512.webp`, `${NAME}-128.webp`]);
    expect(avatarFiles(NAME).map(nameOfFile)).toEqual([NAME, NAME]);
    expect(avatarUrl(NAME)).toBe(`/avatars/${NAME}-512.webp`);
    expect(nameOfUrl(avatarUrl(NAME))).toBe(NAME);
  });

  it.each([
    '',
    '..',
    '../../etc/passwd',
    `../${NAME}-512.webp`,
    `${NAME}-513.webp`,
    `${NAME}-512.webp.html`,
    `${NAME}-512.webp\n`,
    `${NAME.toUpperCase()}-512.webp`,
    `${NAME.slice(1)}-512.webp`,
  ])('are not %j', (file) => {
    expect(nameOfFile(file)).toBeNull();
  });

  it('have no name for an address of another server', () => {
    expect(nameOfUrl(null)).toBeNull();
    expect(nameOfUrl(`https://example.com/avatars/${NAME}-512.webp`)).toBeNull();
  });
});
