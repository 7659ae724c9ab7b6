import { performance } from 'node:perf_hooks';
import { newEmail, startTestApp, type TestApp } from '../support/app';
import { compareSamples, medianOf } from './mann-whitney';

/*
 * Prints whether the time of a failed sign-in reveals an account; asserts nothing about it:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/enumeration.ts'
 */

const PAIRS = 400;
const WARM_UP = 20;
const ACCOUNTS = 20;

jest.setTimeout(15 * 60_000);

describe('figures', () => {
  let app: TestApp;
  const emails: string[] = [];

  beforeAll(async () => {
    app = await startTestApp({ env: { RATE_LIMIT: 'off' } });
    for (let account = 0; account < ACCOUNTS; account += 1) {
      emails.push((await app.register()).user.email);
    }
  });

  afterAll(() => app.close());

  async function failedSignInMs(email: string): Promise<number> {
    const json = { email, password: 'a wrong password' };
    const beganMs = performance.now();
    const { status } = await app.http.post('/api/auth/login', { json });
    const tookMs = performance.now() - beganMs;
    expect(status).toBe(401);
    return tookMs;
  }

  it('of failed sign-ins, for an unknown address and for a wrong password', async () => {
    const unknown: number[] = [];
    const known: number[] = [];
    for (let pair = -WARM_UP; pair < PAIRS; pair += 1) {
      // One after the other, in turns, so that other work of the machine affects both.
      const isUnknownFirst = pair % 2 === 0;
      const first = await failedSignInMs(isUnknownFirst ? newEmail() : emailOf(pair));
      const second = await failedSignInMs(isUnknownFirst ? emailOf(pair) : newEmail());
      if (pair >= 0) {
        unknown.push(isUnknownFirst ? first : second);
        known.push(isUnknownFirst ? second : first);
      }
    }
    const { auc, pValue } = compareSamples(known, unknown);
    process.stdout.write(
      [
        '',
        '| failed sign-ins | count | median ms | fastest ms |',
        '| --- | --- | --- | --- |',
        row('unknown address', unknown),
        row('known address, wrong password', known),
        '',
        `P(known slower than unknown) = ${auc.toFixed(3)}, Mann-Whitney p = ${pValue.toPrecision(2)}`,
        '',
        '',
      ].join('\n'),
    );
  });

  function emailOf(pair: number): string {
    return emails[(pair + WARM_UP) % ACCOUNTS]!;
  }
});

function row(name: string, sample: number[]): string {
  const [median, fastest] = [medianOf(sample), Math.min(...sample)].map((ms) => ms.toFixed(2));
  return `| ${name} | ${sample.length} | ${median} | ${fastest} |`;
}
