import { AttemptLimits } from '../../libs/rate-limit';
import { startTestApp } from '../support/app';
import { inTurns } from '../support/in-turns';

/*
 * Prints what refused attempts leave in Redis:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/refused-attempts.ts'
 */

const ATTEMPTS = 20_000;
const AT_ONCE = 50;
const ADDRESS = '2001:db8:9:1::1';

describe('figures', () => {
  it('of 20,000 refused attempts from one address, on ever new accounts', async () => {
    const app = await startTestApp({ env: { RATE_LIMIT: 'on', LOGIN_LIMIT_PER_ADDRESS: '1' } });
    try {
      const limits = app.nest.get(AttemptLimits);
      const { client } = app.redis;
      let attempt = 0;
      const admitted = () =>
        limits.admitLogin(`user-${(attempt += 1)}@example.com`, ADDRESS).then(
          () => 1,
          () => 0,
        );
      await admitted();
      await admitted();
      const usedBytes = async () =>
        Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
      const before = { bytes: await usedBytes(), keys: await client.dbsize() };
      const counts = [] as number[];
      await inTurns(ATTEMPTS, AT_ONCE, async () => {
        counts.push(await admitted());
      });
      const after = { bytes: await usedBytes(), keys: await client.dbsize() };
      expect(counts.reduce((sum, count) => sum + count)).toBe(0);
      process.stdout.write(
        `\n${ATTEMPTS} refused attempts: ${(after.bytes - before.bytes) / ATTEMPTS} bytes and ` +
          `${(after.keys - before.keys) / ATTEMPTS} keys each\n\n`,
      );
    } finally {
      await app.close();
    }
  }, 600_000);
});
