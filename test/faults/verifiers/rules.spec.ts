import { history, opened, type Step } from '../hand-written-history';
import type { CheckRecord, SignalRecord } from './check-record';
import { SIGNAL_BOUND_MS, violationsOf } from './rules';

const BOUND_MS = 2_000;
const logout: Step = { op: 'logout', session: 's', at: [20, 30] };
const unanswered: Step = { ...logout, status: 503 };

const check = (endMs: number, status: number): CheckRecord => ({
  ...{ verifier: 'verifier', session: 's', startMs: endMs - 1, endMs, status },
  code: status === 401 ? 'token_revoked' : null,
});
const signal = (endMs: number, code = 'token_revoked'): SignalRecord => ({
  ...{ verifier: 'verifier', session: 's', startMs: 12, endMs, watchedUntilMs: Infinity, code },
});

function brokenBy(
  steps: Step[],
  { checks = [], signals = [] }: { checks?: CheckRecord[]; signals?: SignalRecord[] },
): string[] {
  const requests = history(...steps);
  return violationsOf({ requests, checks, signals }, BOUND_MS).map(({ rule }) => rule);
}

describe('the rules of verifiers', () => {
  it('let a session be accepted until the bound after its end, and no longer', () => {
    const brokenAt = (endMs: number) => brokenBy([opened, logout], { checks: [check(endMs, 200)] });
    expect(brokenAt(30 + BOUND_MS)).toEqual([]);
    expect(brokenAt(31 + BOUND_MS)).toEqual(['refused-within-bound']);
  });

  it('ask nothing of an end that was not answered', () => {
    const checks = [check(9_000, 200), check(9_001, 401), check(9_002, 503)];
    expect(brokenBy([opened, unanswered], { checks })).toEqual([]);
  });

  it('let no session be refused with 401 before a request has begun to end it', () => {
    const brokenAt = (endMs: number, status: number) =>
      brokenBy([opened, logout], { checks: [check(endMs, status)] });
    expect(brokenAt(19, 401)).toEqual(['alive-never-401']);
    expect(brokenAt(19, 503)).toEqual([]);
    expect(brokenAt(21, 401)).toEqual([]);
    expect(brokenBy([opened], { checks: [check(9_000, 401)] })).toEqual(['alive-never-401']);
  });

  it('bound the end of a signal, and let it name no other reason', () => {
    const brokenAt = (signals: SignalRecord[]) => brokenBy([opened, logout], { signals });
    expect(brokenAt([signal(30 + SIGNAL_BOUND_MS)])).toEqual([]);
    expect(brokenAt([signal(31 + SIGNAL_BOUND_MS)])).toEqual(['signal-within-bound']);
    expect(brokenAt([{ ...signal(Infinity), watchedUntilMs: 9_000 }])).toHaveLength(1);
    expect(brokenAt([{ ...signal(Infinity), watchedUntilMs: 3_000 }])).toEqual([]);
    expect(brokenAt([signal(19)])).toEqual(['signal-only-of-ended']);
    expect(brokenAt([signal(19, 'dependency_unavailable')])).toEqual([]);
  });
});
