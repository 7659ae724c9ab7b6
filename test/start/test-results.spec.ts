import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addCounts, formatCounts, readCounts } from '../../tools/local/test-results.mjs';

describe('the counts of a test run', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'latchkey-results-'));
  });

  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function countsOf(results: object): string {
    const path = join(dir, 'results.json');
    writeFileSync(path, JSON.stringify(results));
    return formatCounts(readCounts(path));
  }

  const clean = {
    numPassedTests: 12,
    numFailedTests: 0,
    numRuntimeErrorTestSuites: 0,
    numPendingTests: 0,
    numTodoTests: 0,
  };

  it('contain passed and failed tests', () => {
    expect(countsOf({ ...clean, numFailedTests: 2 })).toBe('12 passed, 2 failed');
  });

  it('contain skipped tests only when there are some', () => {
    expect(countsOf({ ...clean, numPendingTests: 1, numTodoTests: 2 })).toBe(
      '12 passed, 0 failed, 3 skipped',
    );
  });

  it('count a file that could not be loaded as a failure', () => {
    expect(countsOf({ ...clean, numRuntimeErrorTestSuites: 1 })).toBe('12 passed, 1 failed');
  });

  it('add up over several runs', () => {
    const runs = [
      { passed: 12, failed: 0, skipped: 1 },
      { passed: 30, failed: 2, skipped: 0 },
    ];
    expect(formatCounts(addCounts(runs))).toBe('42 passed, 2 failed, 1 skipped');
  });

  it('count a run without results as a failure', () => {
    expect(formatCounts(readCounts(join(dir, 'missing.json')))).toBe('0 passed, 1 failed');
  });
});
