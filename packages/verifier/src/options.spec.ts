import { settingsOf } from './options';

const GOOD = { url: 'https://auth.example.com/base', clientId: 'a', clientSecret: 'b' };

describe('options of a verifier', () => {
  it('have the defaults of the documentation', () => {
    expect(settingsOf(GOOD)).toMatchObject({
      issuer: ['latchkey', 'https://auth.example.com/base'],
      audience: 'latchkey-api',
      boundMs: 2_000,
      deadlineMs: 1_000,
      clockToleranceSeconds: 0,
      maxSessions: 10_000,
      maxSignals: 100_000,
    });
    expect(settingsOf(GOOD).url.href).toBe('https://auth.example.com/base/');
  });

  it.each([
    ['https://one.example.com', ['https://one.example.com']],
    [
      ['latchkey', 'two'],
      ['latchkey', 'two'],
    ],
  ])('take the issuer %j', (issuer, accepted) => {
    expect(settingsOf({ ...GOOD, issuer }).issuer).toEqual(accepted);
  });

  it('leave a second between the deadline and the bound, because an answer may be as old', () => {
    expect(settingsOf({ ...GOOD, boundMs: 5_000 }).deadlineMs).toBe(4_000);
    expect(() => settingsOf({ ...GOOD, deadlineMs: 1_001 })).toThrow('from 1 to 1000');
  });

  it.each([
    { boundMs: 1_499 },
    { boundMs: NaN },
    { maxSessions: 0 },
    { clockToleranceSeconds: -1 },
    { clientId: '' },
    { clientId: 'a:b' },
    { clientSecret: '' },
    { url: 'ftp://auth.example.com' },
    { url: 'https://user:secret@auth.example.com' },
    { url: 'nonsense' },
  ])('%p are refused', (options) => {
    expect(() => settingsOf({ ...GOOD, ...options })).toThrow();
  });
});
