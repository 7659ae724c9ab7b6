import { RecentNames } from './recent-names';

describe('recent names', () => {
  it('holds a name that arrived at or after the instant', () => {
    const recent = new RecentNames(3_000);
    recent.add('a', 1_000);
    expect(recent.mayHold(['b', 'a'], 1_000)).toBe(true);
    expect(recent.mayHold(['a'], 1_001)).toBe(false);
    expect(recent.mayHold(['b'], 0)).toBe(false);
  });

  it('counts a repeated name from its last arrival', () => {
    const recent = new RecentNames(3_000);
    recent.add('a', 1_000);
    recent.add('b', 1_500);
    recent.add('a', 2_000);
    recent.add('c', 4_600);
    expect(recent.mayHold(['a'], 2_000)).toBe(true);
    expect(recent.has('b')).toBe(false);
  });

  it('forgets names after the retention', () => {
    const recent = new RecentNames(3_000);
    for (let at = 0; at < 100_000; at += 100) {
      recent.add(`name ${at}`, at);
    }
    expect(recent.size).toBe(31);
  });

  it('with too many names counts every name as recent, for the same time', () => {
    const recent = new RecentNames(3_000, 2);
    ['a', 'b', 'c'].forEach((name) => recent.add(name, 1_000));
    expect(recent.size).toBe(0);
    expect(recent.mayHold(['d'], 1_000)).toBe(true);
    expect(recent.mayHold(['d'], 1_001)).toBe(false);
    expect(recent.has('d')).toBe(false);
  });
});
