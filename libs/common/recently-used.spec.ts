import { RecentlyUsed } from './recently-used';

const CAPACITY = 100;

describe('values that were used recently', () => {
  it('are known until they are deleted', () => {
    const values = new RecentlyUsed<string, string>(CAPACITY);
    values.set('a key', 'a value');
    expect([values.get('a key'), values.get('another')]).toEqual(['a value', undefined]);
    values.delete('a key');
    expect(values.get('a key')).toBeUndefined();
  });

  it('are deleted for good, however long ago they came', () => {
    const values = new RecentlyUsed<string | number, number>(CAPACITY);
    values.set('old', 0);
    for (let index = 0; index < CAPACITY / 2; index += 1) {
      values.set(index, index);
    }
    values.delete('old');
    expect(values.get('old')).toBeUndefined();
  });

  it('are bounded, and those that are asked for stay', () => {
    const values = new RecentlyUsed<string | number, number>(CAPACITY);
    values.set('in use', -1);
    for (let index = 0; index < 3 * CAPACITY; index += 1) {
      values.set(index, index);
      values.get('in use');
    }
    const left = Array.from({ length: 3 * CAPACITY }, (_, index) => values.get(index));
    expect(values.get('in use')).toBe(-1);
    expect(left.filter((value) => value !== undefined).length).toBeLessThanOrEqual(CAPACITY);
    expect(left.at(-1)).toBe(3 * CAPACITY - 1);
  });
});
