import { setTimeout as pause } from 'node:timers/promises';
import { lasting } from '../support/long-tests';
import { check, GRACE_MS, type CheckOptions } from './checker';
import { Cluster, type ClusterOptions } from './cluster';
import { Faults } from './faults';
import type { RecordedRequest } from './history';
import { Load, type LoadOptions } from './load/load';
import { Random } from './load/random';
import type { Violation } from './violation';

export interface Scenario {
  cluster: Cluster;
  faults: Faults;
  load: Load;
  random: Random;
}

export interface ScenarioOptions extends Partial<LoadOptions>, CheckOptions {}

/** The requests of a scenario, and the rules that they break. */
export interface Outcome {
  requests: readonly RecordedRequest[];
  violations: Violation[];
}

/** A scenario lasts as long as its requests; slow machines take long. */
jest.setTimeout(240_000);

/** Requests before the first fault: sessions have been ended, profiles cached. */
const BEFORE = lasting(45, 90);
/** Requests after everything has recovered. */
const AFTER = lasting(35, 70);
/** More requests for rare operations that have not occurred. */
const MOST_MORE = 600;
const SHOWN_VIOLATIONS = 10;

let shared: Promise<Cluster> | undefined;
let isShared = false;

/** Lets all tests of this file that need no cluster of a special kind use the same one: a start takes seconds. */
export function shareCluster(): void {
  isShared = true;
  afterAll(async () => (await shared)?.stop());
}

/** A cluster for the tests of a suite, one after another. */
export function useCluster(options?: ClusterOptions): () => Cluster {
  const ownsCluster = options !== undefined || !isShared;
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    cluster = await (ownsCluster ? Cluster.start(options) : (shared ??= Cluster.start()));
  });
  afterEach(() => cluster?.restoreWires());
  afterAll(async () => {
    if (ownsCluster) {
      await cluster?.stop();
    }
  });
  return () => cluster!;
}

/** Runs the load while the script causes faults, until all of them have ended. */
export async function underLoad(
  cluster: Cluster,
  script: (scenario: Scenario) => Promise<void>,
  {
    random = new Random(seed()),
    graceMs = GRACE_MS,
    lateEffectMs,
    staleMs = 0,
    ...options
  }: ScenarioOptions = {},
): Promise<Outcome> {
  const faults = new Faults(cluster);
  const load = await Load.start(cluster, { random, ...options });
  try {
    await load.goesOn(BEFORE);
    await script({ cluster, faults, load, random });
    await faults.recovered();
    await load.goesOn(AFTER);
    // Chance may have left out rare operations. Where a bug refuses every sign-in, they never occur.
    for (let more = 0; more < MOST_MORE && !hasEndedAndChanged(load.history.requests); more++) {
      await load.goesOn(1);
    }
    await untilNothingIsExcused(load, faults, graceMs);
  } finally {
    await load.stop();
  }
  const { requests } = load.history;
  const limits = { graceMs, staleMs, ...(lateEffectMs !== undefined && { lateEffectMs }) };
  return { requests, violations: check(requests, faults.windows, limits) };
}

/** Continues the load, slowly, until no request is excused by a fault of Postgres, and a moment more. */
async function untilNothingIsExcused(load: Load, faults: Faults, graceMs: number): Promise<void> {
  const ends = faults.windows
    .filter(({ target }) => target === 'postgres')
    .map(({ endMs }) => endMs);
  await pause(Math.max(0, Math.max(...ends) + graceMs - performance.now()));
  await load.goesOn(1);
}

/** Fails with the broken rules, in sentences, and the logs of the instances. */
export function expectPromisesKept({ requests, violations }: Outcome, cluster: Cluster): void {
  expectWorthChecking(requests);
  if (violations.length > 0) {
    const shown = violations
      .slice(0, SHOWN_VIOLATIONS)
      .map((one) => `${one.rule}: ${one.sentence}`);
    const request = violations[0]?.requests.at(-1);
    const logs = cluster.instances.map(
      (instance) =>
        `log of ${instance.name}:\n${request ? instance.logBefore(request) : instance.logTail}`,
    );
    const count = `${violations.length} violations in ${requests.length} requests`;
    throw new Error([count, ...shown, ...logs].join('\n'));
  }
}

/** A history without ended sessions, or without requests after that, proves nothing. */
function expectWorthChecking(requests: readonly RecordedRequest[]): void {
  expect(hasEndedAndChanged(requests)).toBe(true);
  const count = (matches: (request: RecordedRequest) => boolean) => requests.filter(matches).length;
  expect(count(({ status }) => status === 401)).toBeGreaterThan(20);
  expect(count(({ op, status }) => op === 'verify' && status === 200)).toBeGreaterThan(20);
}

/** Whether a session was ended and a profile changed. */
function hasEndedAndChanged(requests: readonly RecordedRequest[]): boolean {
  return (
    requests.some(({ op, status }) => op === 'logout' && status === 204) &&
    requests.some(({ op, status }) => op === 'write-profile' && status === 200)
  );
}

/** `LATCHKEY_FAULT_SEED` repeats the choices of a run. */
export function seed(): number {
  return Number(process.env.LATCHKEY_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 32));
}
