// @ts-check
import { readFileSync } from 'node:fs';

/**
 * @param {string} path of the results that Jest wrote as JSON
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function readCounts(path) {
  try {
    const results = JSON.parse(readFileSync(path, 'utf8'));
    return {
      passed: results.numPassedTests,
      // A file that cannot be loaded has no test that could fail, but counts as a failure.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/**
 * @param {ReturnType<typeof readCounts>[]} all of several runs
 * @returns {ReturnType<typeof readCounts>}
 */
export function addCounts(all) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

/** @param {ReturnType<typeof readCounts>} counts */
export function formatCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
