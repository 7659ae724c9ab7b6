import { OverloadedError } from '#libs/common';
import type { AttemptCounters } from './attempt-counters';
import { AttemptLimits, delayMs } from './attempt-limits';
import { counterName } from './counter';
import { KnownClients } from './known-clients';
import type { RateLimitOptions } from './rate-limit.options';

const OWNER = 'ada@example.com';
const HOME = '2001:db8:1::1';
const PARTY = '2001:db8:1::/48';
const FEW_FAILURES = 10;

/** The reply of Redis: ten failures of every account, and these marks. */
function limitsWith(marks: string[]): AttemptLimits {
  const clients = Object.create(KnownClients.prototype) as KnownClients;
  Object.assign(clients, { kept: new Map() });
  const counters = {
    admit: (_: unknown, keys: string[] = []) => {
      const value = (key: string) =>
        marks.includes(key) ? 1 : key.startsWith('failures:') ? FEW_FAILURES : 0;
      const readings = keys.map((key) => ({ value: value(key), leftMs: 0 }));
      return Promise.resolve({ state: null, readings });
    },
  } as unknown as AttemptCounters;
  return new AttemptLimits({ enabled: true } as RateLimitOptions, counters, clients);
}

describe('the delay of attempts on an account', () => {
  it('is none while few have failed, then doubles, up to four seconds', () => {
    const delays = [0, 9, 10, 11, 12, 13, 14, 15, 1000].map(delayMs);
    expect(delays).toEqual([0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000]);
  });

  it('refuses no owner who has signed in from the address, for any number of waiting attempts', async () => {
    const limits = limitsWith([counterName('known', `${OWNER}\n${PARTY}`)]);
    const attack = Array.from({ length: 500 }, (_, host) =>
      limits.admitLogin(OWNER, `2001:db8:${(host + 2).toString(16)}::1`),
    );
    await expect(limits.admitLogin(OWNER, '192.0.2.1')).rejects.toThrow(OverloadedError);
    const { admission } = await limits.admitLogin(OWNER, HOME);
    expect(admission).toEqual({ party: PARTY, class: 'known' });
    await Promise.all(attack);
  });
});

describe('the class of a client', () => {
  it.each([
    ['known', [counterName('known', `${OWNER}\n${PARTY}`)]],
    ['familiar', [counterName('familiar', PARTY)]],
    ['stranger', []],
  ])('is %s by the marks of its account and its party', async (expected, marks) => {
    const limits = limitsWith(marks);
    const { admission } = await limits.admitLogin(OWNER, HOME);
    expect(admission.class).toBe(expected);
    const signedIn = await limits.admitPasswordProof('an id', HOME);
    expect(signedIn.admission.class).toBe('known');
    const registration = await limits.admitRegistration(HOME);
    expect(registration.admission.class).toBe(expected === 'familiar' ? 'familiar' : 'stranger');
  });
});
