import { interleave, orderOf } from '../../bench/harness/rounds.mjs';

const ROWS = ['a', 'b', 'c', 'd'];

describe('the order of rounds', () => {
  const rounds = ROWS.map((_, round) => orderOf(ROWS, round));

  it('has every row once in each round', () => {
    for (const round of rounds) {
      expect([...round].sort()).toEqual(ROWS);
    }
  });

  it('begins with another row each time', () => {
    expect(new Set(rounds.map(([first]) => first)).size).toBeGreaterThan(1);
    expect(rounds[0]?.[0]).not.toBe(rounds[1]?.[0]);
  });

  it('lets no row always come after the same one', () => {
    const before = rounds.map((round) => round[(round.indexOf('b') + 3) % 4]);
    expect(new Set(before)).toEqual(new Set(['a', 'c']));
  });
});

describe('interleaved rounds', () => {
  it('measure every row in each round, and drop the warm-up', async () => {
    const rows = [{ id: 'a' }, { id: 'b' }];
    const asked: string[] = [];
    const figures = await interleave(rows, 2, ({ id }, round) => {
      asked.push(`${id}${round}`);
      return Promise.resolve(round);
    });
    expect(asked.slice(0, 2)).toEqual(['a-1', 'b-1']);
    expect(asked.slice(2, 4).sort()).toEqual(['a0', 'b0']);
    expect(asked.slice(4).sort()).toEqual(['a1', 'b1']);
    expect([...figures]).toEqual([
      ['a', [0, 1]],
      ['b', [0, 1]],
    ]);
  });
});
