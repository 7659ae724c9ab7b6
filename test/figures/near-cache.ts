import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Faults } from '../faults/faults';
import { populate } from '../faults/load/population';
import { send } from '../faults/load/send';
import { useCluster } from '../faults/scenario';
import { until } from '../support/until';
import { Scrape } from '../support/metrics';

/*
 * Prints how long after a revocation was answered by one instance another one still accepted the token,
 * with the near cache on, and what the cache takes of memory; asserts nothing about it:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/near-cache.ts'
 */

const VERIFY = '/api/auth/verify';
const REVOCATIONS = 200;
/** Of those in a fault, each of which has to be over before the next. */
const IN_A_FAULT = 15;
const CONNECTIONS = 64;
const READERS = 200;
/** For how long after a revocation its token is tried. */
const WATCHED_MS = 1_200;

jest.setTimeout(20 * 60_000);

describe('figures', () => {
  const cluster = useCluster({ ownPostgres: true, env: { NEAR_CACHE: 'on' } });
  const rows: string[] = [];
  let tokens: string[];
  let faults: Faults;

  const originOf = (name: string) => cluster().instance(name).origin;
  const verifyOn = async (name: string, token: string) =>
    (await send(originOf(name), { method: 'GET', path: VERIFY, token })).status;
  const metricOf = async (name: string, metric: string) =>
    (await Scrape.of(originOf(name))).sum(metric);

  beforeAll(async () => {
    faults = new Faults(cluster());
    tokens = await populate(cluster(), READERS + 3 * REVOCATIONS);
  });

  afterAll(() => {
    const head = '| revoked on one instance, refused on the other after | p50 | p99 | longest |';
    process.stdout.write(`\n${[head, '| --- | --- | --- | --- |', ...rows].join('\n')}\n\n`);
  });

  /**
   * Ends a session that the other instance keeps.
   * @returns milliseconds from the answer to the last request whose token was still accepted; 0: none.
   */
  async function revokeOne(token: string, fault?: () => void): Promise<number> {
    await until('the near cache is open', () => metricOf('b', 'latchkey_near_cache_open'), 1);
    await verifyOn('b', token);
    await verifyOn('b', token);
    fault?.();
    const path = '/api/auth/logout';
    const { status } = await send(originOf('a'), { method: 'POST', path, token });
    const answeredMs = performance.now();
    expect(status).toBe(204);
    let acceptedMs = answeredMs;
    while (performance.now() - answeredMs < WATCHED_MS) {
      const askedMs = performance.now();
      if ((await verifyOn('b', token)) === 200) {
        acceptedMs = askedMs;
      } else if (!fault) {
        break;
      }
    }
    return acceptedMs - answeredMs;
  }

  function report(what: string, staleMs: number[]): void {
    const sorted = staleMs.sort((one, other) => one - other);
    const figures = [0.5, 0.99, 1].map((share) => {
      const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
      return `${sorted[index]!.toFixed(1)} ms`;
    });
    rows.push(`| ${what} (${sorted.length} times) | ${figures.join(' | ')} |`);
  }

  async function measure(what: string, count: number, fault?: () => void): Promise<void> {
    const staleMs: number[] = [];
    for (let index = 0; index < count; index += 1) {
      staleMs.push(await revokeOne(tokens.pop()!, fault));
      if (fault) {
        faults.restoreRedis();
        faults.restorePostgres();
        await faults.recovered();
      }
    }
    report(what, staleMs);
  }

  it('idle', () => measure('idle', REVOCATIONS));

  it('under load', async () => {
    const args = [originOf('b'), '/api/auth/profile', String(CONNECTIONS)];
    const reader = spawn(process.execPath, [
      join(__dirname, 'reader.mjs'),
      ...args,
      ...tokens.slice(0, READERS),
    ]);
    const beganMs = performance.now();
    await pause(2_000);
    await measure(`${CONNECTIONS} connections read from that other`, REVOCATIONS);
    const said = once(reader.stdout, 'data');
    reader.kill('SIGTERM');
    const [answers] = (await said) as [Buffer];
    const perSecond = Number(answers) / ((performance.now() - beganMs) / 1000);
    rows.push(`| … which answered ${perSecond.toFixed(0)} requests a second | | | |`);
  });

  it.each<[string, () => void]>([
    ['Redis does not answer the other instance', () => faults.hangRedis(['b'])],
    ['the other instance cannot read the outbox', () => faults.cutPostgres(['b'])],
  ])('%s', async (what, fault) => {
    await measure(what, IN_A_FAULT, fault);
  });

  it('Redis hangs for both', async () => {
    const staleMs: number[] = [];
    for (let index = 0; index < IN_A_FAULT; index += 1) {
      staleMs.push(await revokeOne(tokens.pop()!, () => faults.suspendRedis()));
      faults.resumeRedis();
      await faults.recovered();
    }
    report('Redis hangs, for both', staleMs);
  });
});
