import { opened, revoked, rulesBrokenBy, unavailable, type Step } from './hand-written-history';
import type { FaultWindow, RecordedRequest } from './history';

const verified = (...at: [number, number]): Step => ({ op: 'verify', session: 's', at });
const refused = (...at: [number, number]): Step => ({ ...verified(...at), ...revoked });

describe('a changed password', () => {
  const change: Step = { op: 'change-password', session: 't', value: 1, at: [20, 30] };
  const login = (value: number, ...at: [number, number]): Step => ({
    op: 'login',
    opened: 's',
    value,
    at,
  });
  const wrong = { status: 401, code: 'invalid_credentials', opened: null };
  const BROKEN = ['password-changed'];

  it('opens, and the old one does not', () => {
    expect(rulesBrokenBy([change, login(1, 40, 50)])).toEqual([]);
    expect(rulesBrokenBy([change, { ...login(0, 40, 50), ...wrong }])).toEqual([]);
    expect(rulesBrokenBy([change, login(0, 40, 50)])).toEqual(BROKEN);
    expect(rulesBrokenBy([change, { ...login(1, 40, 50), ...wrong }])).toEqual(BROKEN);
    expect(rulesBrokenBy([{ ...login(0, 40, 50), ...wrong }])).toEqual(BROKEN);
  });

  it('breaks no rule by sign-ins that overlap the change', () => {
    for (const value of [0, 1]) {
      expect(rulesBrokenBy([change, login(value, 25, 50)])).toEqual([]);
      expect(rulesBrokenBy([change, { ...login(value, 25, 50), ...wrong }])).toEqual([]);
    }
  });

  it('may be wrong when its change was not confirmed', () => {
    const fault: FaultWindow = { target: 'postgres', instances: ['a'], startMs: 0, endMs: 100 };
    const undecided: Step = { ...change, ...unavailable };
    for (const value of [0, 1]) {
      expect(rulesBrokenBy([undecided, login(value, 40, 50)], [fault])).toEqual([]);
      expect(rulesBrokenBy([undecided, { ...login(value, 40, 50), ...wrong }], [fault])).toEqual(
        [],
      );
    }
  });

  it('ends the sessions of the old one, in any order of the race, and none of the new one', () => {
    expect(rulesBrokenBy([change, login(0, 15, 40), verified(50, 60)])).toEqual([
      'revoked-stays-revoked',
    ]);
    expect(rulesBrokenBy([change, login(1, 15, 40), refused(50, 60)])).toEqual([
      'alive-stays-alive',
    ]);
  });

  it('may be refused by a sign-in that met one revoke-all after another', () => {
    const logoutAll: Step = { op: 'logout-all', session: 't', at: [35, 45] };
    const gaveUp = { ...login(1, 40, 50), ...revoked, opened: null };
    expect(rulesBrokenBy([change, logoutAll, gaveUp])).toEqual([]);
    expect(rulesBrokenBy([change, gaveUp])).toEqual(BROKEN);
  });
});

describe('a written profile', () => {
  const write = (value: number, ...at: [number, number]): Step => ({
    op: 'write-profile',
    value,
    at,
  });
  const read = (value: number, ...at: [number, number]): Step => ({
    op: 'read-profile',
    value,
    at,
  });
  const BROKEN = ['written-stays-visible'];

  it('is not hidden by an older one', () => {
    expect(rulesBrokenBy([write(1, 0, 10), read(1, 11, 20)])).toEqual([]);
    expect(rulesBrokenBy([write(1, 0, 10), read(2, 11, 20)])).toEqual([]);
    expect(rulesBrokenBy([write(1, 0, 10), read(0, 11, 20)])).toEqual(BROKEN);
    expect(rulesBrokenBy([write(1, 0, 10), write(2, 20, 30), read(1, 31, 40)])).toEqual(BROKEN);
  });

  it('may or may not be seen by a read that overlaps the write', () => {
    expect(rulesBrokenBy([write(1, 0, 10), read(0, 9, 20), read(1, 5, 8)])).toEqual([]);
  });

  it('may be hidden by a write whose answer was lost', () => {
    const fault: FaultWindow = { target: 'instance', instances: ['a'], startMs: 0, endMs: 100 };
    const lost: Step = { ...write(1, 0, 10), status: 0, code: 'reset' };
    expect(rulesBrokenBy([lost, write(2, 20, 30), read(1, 31, 40)], [fault])).toEqual([]);
    expect(rulesBrokenBy([lost, write(2, 20, 30), read(0, 31, 40)], [fault])).toEqual(BROKEN);
  });

  it('is not mistaken for that of another user', () => {
    expect(rulesBrokenBy([write(5, 0, 10), { ...read(0, 11, 20), user: 'other' }])).toEqual([]);
  });
});

describe('unsure means no', () => {
  const BROKEN = ['unsure-means-no'];
  const away = (
    target: FaultWindow['target'],
    instances = ['a', 'b'],
    [startMs, endMs] = [0, 100],
  ): FaultWindow => ({ target, instances, startMs, endMs });
  const at: [number, number] = [40, 50];

  it.each([
    [500, 'internal_error'],
    [502, null],
    [503, 'internal_error'],
    [429, 'rate_limited'],
    [404, 'not_found'],
  ])('%i %s is no answer to a verification', (status, code) => {
    const faults = [away('redis'), away('postgres')];
    expect(rulesBrokenBy([{ op: 'verify', at, status, code }], faults)).toEqual(BROKEN);
  });

  it('503 needs Retry-After', () => {
    const step: Step = { op: 'verify', at, ...unavailable, retryAfter: null };
    expect(rulesBrokenBy([step], [away('redis'), away('postgres')])).toEqual(BROKEN);
  });

  it.each<[RecordedRequest['op'], string, string[]]>([
    ['verify', 'redis', BROKEN],
    ['verify', 'postgres', BROKEN],
    ['verify', 'both', []],
    ['logout', 'postgres', []],
    ['logout', 'redis', BROKEN],
    ['login', 'redis', BROKEN],
    ['login', 'postgres', []],
    ['read-profile', 'redis', BROKEN],
    ['read-profile', 'postgres', []],
    ['write-profile', 'none', BROKEN],
  ])('%s may be 503 with %s away: %j', (op, store, broken) => {
    const faults = (['redis', 'postgres'] as const)
      .filter((name) => store === name || store === 'both')
      .map((name) => away(name));
    expect(rulesBrokenBy([{ op, at, ...unavailable }], faults)).toEqual(broken);
  });

  it('a fault excuses its own instances, its own time and a moment more', () => {
    const step = (...at: [number, number]): Step => ({ op: 'login', at, ...unavailable });
    expect(rulesBrokenBy([step(40, 50)], [away('postgres', ['b'])])).toEqual(BROKEN);
    expect(rulesBrokenBy([step(40, 50)], [away('postgres', ['a'], [51, 60])])).toEqual(BROKEN);
    expect(rulesBrokenBy([step(40, 50)], [away('postgres', ['a'], [0, 30])])).toEqual([]);
    expect(rulesBrokenBy([step(4_000, 4_001)], [away('postgres')])).toEqual(BROKEN);
  });

  it.each([
    ['it was away', 'redis'],
    ['its content became void', 'sessions-in-redis'],
  ] as const)('Redis may have lost a session that was open when %s', (_when, target) => {
    const before = away(target, ['a', 'b'], [5, 20]);
    const step: Step = { ...verified(2_000, 2_001), ...unavailable };
    const postgres = away('postgres', ['a', 'b'], [1_990, 2_100]);
    expect(rulesBrokenBy([opened, step], [before, postgres])).toEqual([]);
    expect(rulesBrokenBy([opened, step], [before])).toEqual(BROKEN);
    expect(rulesBrokenBy([{ ...opened, at: [1_500, 1_510] }, step], [before, postgres])).toEqual(
      BROKEN,
    );
  });

  it('an answer may be missing only with its instance', () => {
    const lost: Step = { op: 'verify', at, status: 0, code: 'reset' };
    expect(rulesBrokenBy([lost])).toEqual(BROKEN);
    expect(rulesBrokenBy([lost], [away('redis'), away('postgres')])).toEqual(BROKEN);
    expect(rulesBrokenBy([lost], [away('instance', ['b'])])).toEqual(BROKEN);
    expect(rulesBrokenBy([lost], [away('instance', ['a'])])).toEqual([]);
  });
});
