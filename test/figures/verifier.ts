import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Faults } from '../faults/faults';
import { populate } from '../faults/load/population';
import { send } from '../faults/load/send';
import { useCluster } from '../faults/scenario';
import { BOUND_MS, Probe, VERIFIER_ENV, type Checked } from '../faults/verifiers/probe';
import { newEmail, PASSWORD } from '../support/app';
import { until } from '../support/until';

/*
 * Prints how long after the 2xx of a logout a verifier in another process than Latchkey last accepted the token, and when
 * its first refusal was complete, which may include a call to the issuer. Asserts the bound of the acceptance alone:
 *   node tools/test.mjs --testMatch '<rootDir>/test/figures/verifier.ts'
 */

const SESSIONS = 200;
/** Sessions that end in one and the same fault, at the same time. */
const PER_FAULT = 20;
const LOAD_CLIENTS = 8;

jest.setTimeout(20 * 60_000);

/** What happens right before the logouts, and is over after them. */
interface Situation {
  begin(): unknown;
  end(): unknown;
}

/** Milliseconds after the 2xx of a logout. */
interface Result {
  /** The last acceptance; 0: none. */
  acceptedMs: number;
  /** The first refusal was complete. */
  refusedMs: number;
  /** Of the refusal. */
  status: number;
}

const HEAD = `
| situation | logouts | last accepted after: p50 | p99 | longest | refused after: p50 | p99 | longest | 401, 503 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
`;

const PEACE: Situation = { begin: () => undefined, end: () => undefined };

describe('figures', () => {
  const cluster = useCluster({ ownPostgres: true, names: ['a', 'b', 'c'], env: VERIFIER_ENV });
  let faults: Faults;
  let probe: Probe;

  beforeAll(async () => {
    faults = new Faults(cluster());
    probe = await Probe.start(cluster(), 'verifier');
    // The stream comes from one instance, and logouts go to another one.
    probe.stream.pointTo(cluster().instance('a').port);
    probe.stream.endConnections();
    process.stdout.write(HEAD);
  });

  afterAll(() => probe.stop());

  /** Resolves when the verifier accepts all of the tokens from memory. */
  async function untilKept(sessions: readonly Checked[]): Promise<void> {
    await until('the verifier keeps the sessions', async () => {
      const before = probe.kept;
      await Promise.all(sessions.map((one) => probe.check(one)));
      return probe.isTrusted && probe.kept - before === sessions.length;
    });
  }

  /** @returns null without a 2xx. */
  async function logOut(one: Checked): Promise<Result | null> {
    const { origin } = cluster().instance('b');
    const path = '/api/auth/logout';
    const { status } = await send(origin, { method: 'POST', path, token: one.token });
    const answeredMs = performance.now();
    if (status !== 204) {
      return null;
    }
    let acceptedMs = 0;
    for (;;) {
      const check = await probe.check(one);
      const afterMs = check.endMs - answeredMs;
      if (check.status !== 200) {
        return { acceptedMs, refusedMs: afterMs, status: check.status };
      }
      acceptedMs = afterMs;
      await pause(1);
    }
  }

  async function resultsOf({ begin, end }: Situation): Promise<Result[]> {
    const results: (Result | null)[] = [];
    const tokens = await populate(cluster(), SESSIONS);
    for (let from = 0; from < SESSIONS; from += PER_FAULT) {
      const batch = tokens.slice(from, from + PER_FAULT);
      const sessions = batch.map((token) => ({ token, session: String(from) }));
      await untilKept(sessions);
      await begin();
      results.push(...(await Promise.all(sessions.map(logOut))));
      await end();
    }
    return results.filter((result) => result !== null);
  }

  async function measure(what: string, situation: Situation): Promise<void> {
    report(what, await resultsOf(situation));
  }

  function report(what: string, results: readonly Result[]): void {
    const accepted = results.map(({ acceptedMs }) => acceptedMs);
    const refused = results.map(({ refusedMs }) => refusedMs);
    const unsure = results.filter(({ status }) => status === 503).length;
    const by = `${results.length - unsure}, ${unsure}`;
    const row = [what, results.length, ...figuresOf(accepted), ...figuresOf(refused), by];
    process.stdout.write(`| ${row.join(' | ')} |\n`);
    expect(Math.max(0, ...accepted)).toBeLessThanOrEqual(BOUND_MS);
  }

  async function settled(): Promise<void> {
    await faults.recovered();
  }

  const streamIs = (how: 'cut' | 'hang'): Situation => ({
    begin: () => probe.stream[how](),
    end: () => probe.stream.restore(),
  });

  it('in peace', () => measure('in peace', PEACE));

  it('under load', async () => {
    const [reader = ''] = await populate(cluster(), 1);
    const json = { email: newEmail(), password: PASSWORD };
    const { origin } = cluster().instance('c');
    await send(origin, { method: 'POST', path: '/api/auth/register', json });
    let stopping = false;
    let requests = 0;
    const client = async (index: number): Promise<void> => {
      while (!stopping) {
        const on = cluster().instances[requests++ % 3]!.origin;
        await (index < 2
          ? send(on, { method: 'POST', path: '/api/auth/login', json })
          : send(on, { method: 'GET', path: '/api/auth/profile', token: reader }));
      }
    };
    const clients = Array.from({ length: LOAD_CLIENTS }, (_, index) => client(index));
    const beganMs = performance.now();
    const results = await resultsOf(PEACE).finally(() => (stopping = true));
    await Promise.all(clients);
    const perSecond = (requests / (performance.now() - beganMs)) * 1_000;
    report(`under load (${perSecond.toFixed(0)} requests/s)`, results);
  });

  it('with the stream broken off', () =>
    measure('stream broken off, reconnects', {
      begin: () => probe.stream.endConnections(),
      end: () => undefined,
    }));

  it('with the stream cut', () => measure('stream cut, not back', streamIs('cut')));

  it('with the stream hung', () => measure('stream hung', streamIs('hang')));

  it('with its instance suspended', () =>
    measure('its instance suspended (SIGSTOP)', {
      begin: () => {
        probe.calls.pointTo(...['b', 'c'].map((name) => cluster().instance(name).port));
        faults.suspendInstance(cluster().instance('a'));
      },
      end: async () => {
        faults.resumeInstance(cluster().instance('a'));
        await settled();
      },
    }));

  it('with Redis suspended', () =>
    measure('Redis suspended (SIGSTOP)', {
      begin: () => faults.suspendRedis(),
      end: async () => {
        faults.resumeRedis();
        await settled();
      },
    }));

  it('with Postgres suspended', async () => {
    const sessions = (await populate(cluster(), PER_FAULT)).map((token) => ({
      token,
      session: '',
    }));
    await untilKept(sessions);
    faults.suspendPostgres();
    const results = await Promise.all(sessions.map(logOut));
    faults.resumePostgres();
    await settled();
    report(
      'Postgres suspended (SIGSTOP): no 2xx exists',
      results.filter((one) => one !== null),
    );
  });

  it('with its instance killed', () =>
    measure('its instance killed (SIGKILL)', {
      begin: () => faults.killInstance(cluster().instance('a')),
      end: async () => {
        await faults.startInstance(cluster().instance('a'));
        await settled();
      },
    }));
});

/** p50, p99 and the longest. */
function figuresOf(times: readonly number[]): string[] {
  const sorted = [...times].sort((one, other) => one - other);
  return [0.5, 0.99, 1].map((share) => {
    const ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return ms === undefined ? '-' : `${ms.toFixed(0)} ms`;
  });
}
