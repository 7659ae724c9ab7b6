import { PARTS, readOptions } from '../../bench/options.mjs';
import { LOGIN_REFERENCE, LOGIN_ROWS, programOf, REFERENCE, ROWS } from '../../bench/rows.mjs';

describe('the options of the bench', () => {
  it('select all rows and all parts, and write the document, by default', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ rounds: 5, connections: 64, writesDocument: true });
    expect(options.rows).toEqual(ROWS);
    expect(options.parts).toEqual(PARTS);
  });

  it.each([['--quick'], ['--rows=bare'], ['--parts=logins']])(
    'write no document after a partial run: %s',
    (arg) => {
      expect(readOptions([arg]).writesDocument).toBe(false);
      expect(readOptions([arg, '--write']).writesDocument).toBe(true);
    },
  );

  it('select the named rows, and requests alone', () => {
    const { rows, parts } = readOptions(['--rows', 'profile,bare']);
    expect(rows.map(({ id }) => id)).toEqual(['bare', 'profile']);
    expect(parts).toEqual(['requests']);
  });

  it('prefer a number over --quick', () => {
    expect(readOptions(['--quick', '--rounds', '7'])).toMatchObject({ rounds: 7, seconds: 1 });
  });

  it.each([
    ['--rows=bear', '--rows: unknown value bear.'],
    ['--parts=requests,start-up', '--parts: unknown value start-up.'],
    ['--rounds=0', '--rounds must be an integer of at least 1.'],
    ['--seconds=1.5', '--seconds must be an integer of at least 1.'],
    ['--fast', "Unknown option '--fast'"],
  ])('refuse %s', (arg, message) => {
    expect(() => readOptions([arg])).toThrow(message);
  });
});

describe('the rows of the bench', () => {
  const all = [...ROWS, ...LOGIN_ROWS];

  it('have ids of their own and programs that exist', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { program } of all) {
      expect(programOf(program).id).toBe(program);
    }
  });

  it('include the rows that others are compared with', () => {
    expect(ROWS.map(({ id }) => id)).toContain(REFERENCE);
    expect(LOGIN_ROWS.map(({ id }) => id)).toContain(LOGIN_REFERENCE);
  });
});
