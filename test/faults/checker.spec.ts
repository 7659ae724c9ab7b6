import { check } from './checker';
import {
  history,
  opened,
  revoked,
  rulesBrokenBy,
  unavailable,
  type Step,
} from './hand-written-history';
import type { FaultWindow } from './history';

const verified = (...at: [number, number]): Step => ({ op: 'verify', session: 's', at });
const refused = (...at: [number, number]): Step => ({ ...verified(...at), ...revoked });

describe('revoked stays revoked', () => {
  const BROKEN = ['revoked-stays-revoked'];

  it.each<[string, Step]>([
    ['logout', { op: 'logout', session: 's', at: [20, 30] }],
    ['delete-session', { op: 'delete-session', session: 't', target: 's', at: [20, 30] }],
    ['logout-all', { op: 'logout-all', session: 't', at: [20, 30] }],
    ['change-password', { op: 'change-password', session: 't', value: 1, at: [20, 30] }],
    ['revoke-by-admin', { op: 'revoke-by-admin', session: 'admin', at: [20, 30] }],
  ])('%s ends a session that was open before', (_op, revoke) => {
    expect(rulesBrokenBy([opened, revoke, refused(31, 40)])).toEqual([]);
    expect(rulesBrokenBy([opened, revoke, verified(31, 40)])).toEqual(BROKEN);
    expect(rulesBrokenBy([opened, revoke, { ...verified(9_000, 9_001) }])).toEqual(BROKEN);
  });

  const logout: Step = { op: 'logout', session: 's', at: [20, 30] };

  it('lets other instances accept the session for `staleMs`, and no longer', () => {
    const brokenWith = (staleMs: number, ...steps: Step[]) =>
      check(history(opened, logout, ...steps), [], { staleMs }).map(({ rule }) => rule);
    const onOther = { ...verified(100, 110), instance: 'b' };
    expect(brokenWith(70, onOther)).toEqual([]);
    expect(brokenWith(69, onOther)).toEqual(BROKEN);
    expect(brokenWith(70, verified(100, 110))).toEqual(BROKEN);
    expect(brokenWith(70, { ...onOther, op: 'refresh' })).toEqual(BROKEN);
  });

  it('breaks no rule by requests that overlap the revoke', () => {
    expect(rulesBrokenBy([opened, logout, verified(29, 40), refused(21, 22)])).toEqual([]);
  });

  it('counts any answer but 401 and 503 as an accepted token', () => {
    const after = (answer: Partial<Step>): string[] =>
      rulesBrokenBy([
        opened,
        logout,
        { op: 'delete-session', session: 's', target: 't', at: [40, 50], ...answer },
      ]);
    expect(after({ status: 404 })).toEqual(BROKEN);
    expect(after({ status: 204 })).toEqual(BROKEN);
    expect(after(revoked)).toEqual([]);
    expect(after({ status: 0, code: 'reset' })).toEqual(['unsure-means-no']);
  });

  it('counts a refused password as an accepted token', () => {
    const change: Step = {
      op: 'change-password',
      session: 's',
      value: 1,
      at: [40, 50],
      status: 401,
      code: 'invalid_credentials',
    };
    expect(rulesBrokenBy([opened, logout, change])).toEqual(BROKEN);
    expect(rulesBrokenBy([opened, change])).toEqual([]);
  });

  it('holds for the refresh token too', () => {
    expect(rulesBrokenBy([opened, logout, { op: 'refresh', session: 's', at: [40, 50] }])).toEqual(
      BROKEN,
    );
  });

  it('requires nothing of a revoke that was answered with 503 or not at all', () => {
    const faults: FaultWindow[] = (['redis', 'postgres', 'instance'] as const).map((target) => ({
      target,
      instances: ['a'],
      startMs: 0,
      endMs: 100,
    }));
    for (const answer of [unavailable, { status: 0, code: 'reset' }]) {
      const undecided = { ...logout, ...answer };
      expect(rulesBrokenBy([opened, undecided, verified(40, 50)], faults)).toEqual([]);
      expect(rulesBrokenBy([opened, undecided, refused(40, 50)], faults)).toEqual([]);
    }
  });

  it('names the requests', () => {
    const [violation] = check(history(opened, logout, verified(31, 40)));
    expect(violation?.sentence).toBe(
      'accepted 1.0 ms after it was revoked: ' +
        '#3 verify on a (user user, token of s; 31.0..40.0 ms) -> 200 after ' +
        '#2 logout on a (user user, token of s; 20.0..30.0 ms) -> 204',
    );
    expect(violation?.requests.map(({ id }) => id)).toEqual([2, 3]);
  });
});

describe('no race undoes a revoke-all', () => {
  const logoutAll: Step = { op: 'logout-all', session: 't', at: [20, 30] };

  it.each<[string, [number, number], string[]]>([
    ['before it', [5, 15], ['revoked-stays-revoked']],
    ['around its start', [15, 25], []],
    ['around its end', [25, 35], []],
    ['around all of it', [15, 35], []],
    ['within it', [22, 28], []],
    ['after it', [31, 35], []],
  ])('a session opened %s', (_when, at, broken) => {
    const login: Step = { ...opened, at };
    expect(rulesBrokenBy([login, logoutAll, verified(50, 60)])).toEqual(broken);
  });

  it('a session opened after it lives on', () => {
    const login: Step = { ...opened, at: [31, 35] };
    expect(rulesBrokenBy([login, logoutAll, refused(50, 60)])).toEqual(['alive-stays-alive']);
  });

  it('whose effect is unknown may end a session that is opened soon after', () => {
    const fault: FaultWindow = { target: 'postgres', instances: ['a'], startMs: 0, endMs: 100 };
    const undecided: Step = { ...logoutAll, ...unavailable };
    const soon: Step = { ...opened, at: [31, 35] };
    const late: Step = { ...opened, at: [9_031, 9_035] };
    expect(rulesBrokenBy([soon, undecided, refused(50, 60)], [fault])).toEqual([]);
    expect(rulesBrokenBy([late, undecided, refused(9_050, 9_060)], [fault])).toEqual([
      'alive-stays-alive',
    ]);
  });
});

describe('alive stays alive', () => {
  const BROKEN = ['alive-stays-alive'];

  it('a session that no request ended is never refused', () => {
    expect(rulesBrokenBy([opened, verified(20, 30)])).toEqual([]);
    expect(rulesBrokenBy([opened, refused(20, 30)])).toEqual(BROKEN);
    const refresh: Step = { op: 'refresh', session: 's', at: [20, 30] };
    expect(rulesBrokenBy([opened, { ...refresh, ...revoked }])).toEqual(BROKEN);
  });

  it('a revoke that starts after the answer excuses nothing', () => {
    const logout: Step = { op: 'logout', session: 's', at: [35, 50] };
    expect(rulesBrokenBy([opened, refused(20, 30), logout])).toEqual(BROKEN);
    expect(rulesBrokenBy([opened, refused(20, 36), logout])).toEqual([]);
  });

  it('the end of another session excuses nothing', () => {
    const other: Step = { op: 'delete-session', session: 's', target: 't', at: [12, 15] };
    expect(rulesBrokenBy([opened, other, refused(20, 30)])).toEqual(BROKEN);
    const logout: Step = { op: 'logout', session: 't', at: [12, 15] };
    expect(rulesBrokenBy([opened, logout, refused(20, 30)])).toEqual(BROKEN);
  });

  it('a revoke that was itself refused excuses nothing', () => {
    const logoutAll: Step = { op: 'logout-all', session: 't', at: [12, 15], ...revoked };
    expect(rulesBrokenBy([opened, logoutAll, refused(20, 30)])).toEqual(BROKEN);
  });
});
