import { isSequence, repeatedUnit } from './patterns';

describe('the repeated unit of a text', () => {
  it.each([
    ['aaaaaaaa', 'a'],
    ['abababab', 'ab'],
    ['passpass', 'pass'],
    ['abcabcab', 'abc'],
    ['correct horse correct horse ', 'correct horse '],
    ['🔑🔒🔑🔒', '🔑🔒'],
  ])('of %s is %s', (text, unit) => {
    expect(repeatedUnit(text)).toBe(unit);
  });

  it.each(['', 'a', 'abcdefgh', 'abcdabc', 'correct horse battery staple'])(
    'of %j, which repeats nothing, is the text itself',
    (text) => {
      expect(repeatedUnit(text)).toBe(text);
    },
  );
});

describe('a sequence', () => {
  it.each([
    'abcdefgh',
    'hgfedcba',
    '12345678',
    '987654321',
    '0987654321',
    'qwertzuiop',
    'poiuytrewq',
    'aaaaaaaa',
    'aaaabbbb',
    'abcd1234',
    '4321dcba',
    'abc123xyz',
    'asdfghjkl',
  ])('is %s', (text) => {
    expect(isSequence(text)).toBe(true);
  });

  it.each(['', 'ab', 'abcd1234x', 'abxcd123', 'correct horse', '19850623', 'abcdef gh'])(
    'is not %j',
    (text) => {
      expect(isSequence(text)).toBe(false);
    },
  );
});
