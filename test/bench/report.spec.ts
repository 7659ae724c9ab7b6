import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestFigures, RequestResult } from '../../bench/parts/requests.mjs';
import { axisValues, barChart } from '../../bench/report/bar-chart.mjs';
import { range, table } from '../../bench/report/format.mjs';
import { replaceBetween } from '../../bench/report/markers.mjs';
import { doubtfulPairs, requestTable } from '../../bench/report/tables.mjs';
import { isMet } from '../../bench/report/targets.mjs';
import { ROWS } from '../../bench/rows.mjs';

const ROOT = join(__dirname, '../..');

function resultOf(id: string, perSecond: number[], cpuPer1000: number[]): RequestResult {
  const rounds = perSecond.map((value, round): RequestFigures => ({
    requests: value,
    seconds: 1,
    perSecond: value,
    p50: 10,
    p99: 20,
    cpuPer1000: cpuPer1000[round]!,
    redisCpuPer1000: 0,
    generatorCpuPer1000: 0,
    residentBytes: 100 * 1024 * 1024,
  }));
  return { row: ROWS.find((row) => row.id === id)!, rounds, commands: { evalsha: 1, get: 0.5 } };
}

describe('the report', () => {
  const results = [
    resultOf('bare', [1000, 2000, 1500], [0.1, 0.1, 0.1]),
    resultOf('profile', [700, 1600, 900], [0.15, 0.2, 0.15]),
    resultOf('verify', [800, 1600, 900], [0.18, 0.3, 0.19]),
  ];

  it('shows medians with the least and the most, and ratios within the rounds', () => {
    const [, , bare = '', profile = ''] = requestTable(results).split('\n');
    const cells = (line: string) => line.split('|').map((cell) => cell.trim());
    expect(cells(bare)).toContain('1.00 (1.00–1.00)');
    expect(cells(profile).slice(1, -1)).toEqual([
      'Latchkey, profile',
      '900 (700–1,600)',
      '0.70 (0.60–0.80)',
      '0.150 (0.150–0.200)',
      '1.50 (1.50–2.00)',
      '10',
      '20',
      '100',
      '1.50',
    ]);
  });

  it('shows no ratio where the bare route was left out', () => {
    expect(requestTable(results.slice(1))).toContain('| –');
  });

  it('names rows whose order may be an accident', () => {
    expect(doubtfulPairs(results)).toBe(
      'The ranges of CPU overlap, so that neither is cheaper: Latchkey, profile and Latchkey, verify.',
    );
    expect(doubtfulPairs(results.slice(0, 2))).toBe('No two ranges of CPU overlap.');
  });

  it('lays tables out as Prettier does', () => {
    const text = `${table(['name', 'a number'], [['one “–”', range([1234.5, 2, 3], 1)]])}\n`;
    const prettier = join(ROOT, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
    const args = [prettier, '--stdin-filepath', join(ROOT, 'docs', 'performance.md')];
    expect(execFileSync(process.execPath, args, { input: text, encoding: 'utf8' })).toBe(text);
  });

  it.each([
    [0.7, { least: 0.7 }, true],
    [0.69, { least: 0.7 }, false],
    [1.5, { most: 1.5 }, true],
    [1.51, { most: 1.5 }, false],
  ])('holds %p against %p', (value, bound, expected) => {
    expect(isMet(value, bound)).toBe(expected);
  });
});

describe('the place of the figures in a document', () => {
  const document = 'before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n';

  it('takes new ones, and nothing around it changes', () => {
    const changed = replaceBetween(document, 'bench', 'new $& $1\n');
    expect(changed).toBe(
      'before\n<!-- bench:begin -->\n\nnew $& $1\n\n<!-- bench:end -->\nafter\n',
    );
    expect(replaceBetween(changed, 'bench', 'new $& $1')).toBe(changed);
  });

  it.each([
    ['are required: %s', 'text'],
    ['an end before its begin', '<!-- bench:end --> <!-- bench:begin -->'],
    ['marks of another name', document.replaceAll('bench', 'scale')],
  ])('has to be there: %s', (_, text) => {
    expect(() => replaceBetween(text, 'bench', 'new')).toThrow('<!-- bench:begin -->');
  });

  it('is there in docs/performance.md, and so is a chart that it shows', () => {
    const text = readFileSync(join(ROOT, 'docs', 'performance.md'), 'utf8');
    expect(replaceBetween(text, 'bench', 'new')).toContain('\nnew\n');
    for (const [, chart = ''] of text.matchAll(/\]\((\w+\.svg)\)/g)) {
      expect(existsSync(join(ROOT, 'docs', chart))).toBe(true);
    }
  });
});

describe('the chart', () => {
  it.each([
    [950, [0, 200, 400, 600, 800]],
    [22_000, [0, 5_000, 10_000, 15_000, 20_000]],
    [5, [0, 1, 2, 3, 4, 5]],
  ])('has round numbers along its axis, up to %p', (most, expected) => {
    expect(axisValues(most)).toEqual(expected);
  });

  it('is as long as its figures, and takes any label', () => {
    const bar = { label: 'a & <b>', isOurs: true, median: 50, min: 40, max: 60 };
    const half = { ...bar, label: 'half', isOurs: false, median: 25 };
    const svg = barChart({ title: 'title', note: 'note', bars: [bar, half] });
    expect(svg).toContain('>a &amp; &lt;b&gt;</text>');
    const widths = [...svg.matchAll(/class="(?:ours|bar)"[^>]*width="(\d+)"/g)].map(([, w]) =>
      Number(w),
    );
    expect(widths[0]! / widths[1]!).toBeCloseTo(2, 1);
  });
});
