import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeIn, hasPath, readText, rowsIn } from '../support/document';

const ROOT = join(__dirname, '../..');
const PAGE = 'docs/asvs.md';

/** The numbers of ASVS 5.0.0 in our chapters, by level. */
const NUMBERS: Record<number, string> = {
  1: `3.3.1 3.5.1 3.5.2 3.5.3 4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8
      6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 9.1.1 9.1.2 9.1.3 9.2.1 11.3.1
      11.3.2 11.4.1 13.4.1`,
  2: `3.3.2 3.3.3 3.3.4 3.5.4 3.5.5 4.1.2 4.1.3 4.2.1 4.3.1 4.3.2 4.4.2 4.4.3 4.4.4 5.1.1 5.2.3 5.4.1 5.4.2 5.4.3 6.1.2 6.1.3
      6.2.9 6.2.10 6.2.11 6.2.12 6.3.3 6.3.4 6.4.3 6.4.4 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.1 6.6.2
      6.6.3 6.8.1 6.8.2 6.8.3 6.8.4 7.1.1 7.1.2 7.1.3 7.3.1 7.3.2 7.4.3 7.4.4 7.4.5 7.5.1 7.5.2
      7.6.1 7.6.2 9.2.2 9.2.3 9.2.4 11.1.1 11.1.2 11.2.1 11.2.2 11.2.3 11.3.3 11.4.2 11.4.3 11.4.4
      11.5.1 11.6.1 13.1.1 13.2.1 13.2.2 13.2.3 13.2.4 13.2.5 13.3.1 13.3.2 13.4.2 13.4.3 13.4.4
      13.4.5 16.1.1 16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2
      16.4.3 16.5.1 16.5.2 16.5.3`,
  3: `3.3.5 3.5.6 3.5.7 3.5.8 4.1.4 4.1.5 4.2.2 4.2.3 4.2.4 4.2.5 5.2.4 5.2.5 5.2.6 5.3.3 6.3.5 6.3.6 6.3.7 6.3.8 6.4.5
      6.4.6 6.5.6 6.5.7 6.5.8 6.6.4 6.7.1 6.7.2 7.5.3 11.1.3 11.1.4 11.2.4 11.2.5 11.3.4 11.3.5
      11.5.2 11.6.2 11.7.1 11.7.2 13.1.2 13.1.3 13.1.4 13.2.6 13.3.3 13.3.4 13.4.6 13.4.7 16.5.4`,
};
const STATES = ['shown', 'not met', 'not yet', 'n/a', 'operator'];

interface Requirement {
  number: string;
  level: number;
  asks: string;
  state: string;
  says: string;
  code: string[];
  tests: { path: string; title: string | undefined }[];
}

const numbersOf = (level: number) => (NUMBERS[level] ?? '').split(/\s+/);
const all = rowsIn(readText(PAGE));
const requirements = all
  .filter(({ number }) => number !== undefined)
  .map((row): Requirement => ({
    number: row.number ?? '',
    level: Number(row.level),
    asks: row.requires ?? '',
    state: row.state ?? '',
    says: row['what Latchkey does, or why not'] ?? '',
    code: codeIn(row.code ?? ''),
    tests: [...(row.test ?? '').matchAll(/`([^`]+)`(?: "([^"]+)")?/g)].map(
      ([, path = '', title]) => ({ path, title }),
    ),
  }));
const claims = requirements.flatMap(({ number, tests }) =>
  tests.map((test) => ({ number, ...test })),
);
const leftOut = [...readText(PAGE).matchAll(/^Level 3, left out \(([^)]+)\)/gm)].flatMap(
  ([, list = '']) => list.split(', '),
);

/** The text of a test file, or of all in a folder. */
function testsIn(path: string): string {
  if (!hasPath(path)) {
    return '';
  }
  return statSync(join(ROOT, path)).isDirectory()
    ? readdirSync(join(ROOT, path))
        .filter((name) => name.endsWith('.spec.ts'))
        .map((name) => readText(join(path, name)))
        .join('\n')
    : readText(path);
}

/** The numbers with which titles begin, as in `V7.2.2, V7.2.4: …`. */
function numbersIn(text: string): string[] {
  return [...text.matchAll(/['"`]((?:V\d+(?:\.\d+)+(?:, )?)+)/g)].flatMap(([, numbers = '']) =>
    numbers.split(', ').map((number) => number.slice(1)),
  );
}

describe('docs/asvs.md', () => {
  it('has every requirement of levels 1 and 2 once, with its level', () => {
    const found = requirements.filter(({ level }) => level < 3);
    const expected = [1, 2].flatMap((level) =>
      numbersOf(level).map((number) => `${number}, level ${level}`),
    );
    expect(found.map(({ number, level }) => `${number}, level ${level}`).sort()).toEqual(
      expected.sort(),
    );
  });

  it('has every requirement of level 3 once, or lists it as left out', () => {
    const found = requirements.filter(({ level }) => level === 3).map(({ number }) => number);
    expect([...found, ...leftOut].sort()).toEqual(numbersOf(3).sort());
  });

  it('has a state and a sentence for each, and code and a test for each that is shown', () => {
    const incomplete = requirements.filter(
      ({ asks, state, says, code, tests }) =>
        asks === '' ||
        says === '' ||
        !STATES.includes(state) ||
        (state === 'shown' && (code.length === 0 || tests.length === 0)),
    );
    expect(incomplete.map(({ number }) => number)).toEqual([]);
  });

  it.each(requirements.filter(({ code }) => code.length > 0))(
    '$number: its code exists',
    ({ code }) => {
      expect(code.filter((path) => !hasPath(path))).toEqual([]);
    },
  );

  it.each(claims)('$number: $path has a test of it', ({ number, path, title }) => {
    const text = testsIn(path);
    expect(text).not.toBe('');
    if (title === undefined) {
      expect(numbersIn(text)).toContain(number);
    } else {
      expect(text.includes(title) ? title : `no test "${title}"`).toBe(title);
    }
  });

  it('has the right counts', () => {
    const counted = all.filter(({ chapter }) => chapter !== undefined);
    const ofChapter = (chapter: string) => {
      const of = (level: number) =>
        requirements.filter(
          (one) =>
            one.level === level && (chapter === 'all' || one.number.startsWith(`${chapter}.`)),
        );
      const both = [...of(1), ...of(2)];
      return {
        'level 1': String(of(1).length),
        'level 2': String(of(2).length),
        ...Object.fromEntries(
          STATES.map((state) => [state, String(both.filter((one) => one.state === state).length)]),
        ),
      };
    };
    for (const { chapter = '', ...counts } of counted) {
      const number = /^V(\d+)/.exec(chapter)?.[1] ?? 'all';
      expect({ chapter, ...counts }).toEqual({ chapter, ...ofChapter(number) });
    }
    expect(counted).toHaveLength(10);
    const third = requirements.filter(({ level, state }) => level === 3 && state === 'shown');
    expect(readText(PAGE)).toContain(`Of level 3, ${third.length} are shown too.`);
  });
});
